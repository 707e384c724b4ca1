//! What the server does by itself towards others: dials clients, registers, announces. Nobody waits for it, but at the
//! end it is given a moment to say goodbye.

use std::rc::Rc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::ua::mdns::Announcement;
use crate::ua::server::Server;
use crate::ua::{registration, reverse};

/// The tasks of a running server.
pub struct Outreach {
    diallers: Vec<JoinHandle<()>>,
    registration: Option<JoinHandle<()>>,
    announcement: Option<Announcement>,
    end: Rc<Notify>,
}

impl Outreach {
    /// Starts what the configuration asks for.
    pub fn start(server: &Rc<Server>) -> Self {
        let end = Rc::new(Notify::new());
        let discovery = &server.config.discovery;
        let registration = discovery.register.clone().map(|lds| {
            let task = registration::keep(Rc::clone(server), lds, Rc::clone(&end));
            tokio::task::spawn_local(task)
        });
        let announcement = discovery.mdns.then(|| Announcement::begin(server)).flatten();
        Self { diallers: reverse::start(server), registration, announcement, end }
    }

    /// Ends it, with a goodbye that is bounded in time.
    pub async fn end(self) {
        for dialler in self.diallers {
            dialler.abort();
        }
        self.end.notify_one();
        let registration = async {
            if let Some(task) = self.registration {
                // It fails only if it has panicked, which the log has.
                let _ = task.await;
            }
        };
        let announcement = async {
            if let Some(announcement) = self.announcement {
                announcement.end().await;
            }
        };
        tokio::join!(registration, announcement);
    }
}
