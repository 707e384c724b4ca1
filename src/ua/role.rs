//! Which roles a session has, and what it may do with them.

use crate::time;
use crate::ua::permission::{Rights, Security};
use crate::ua::server::Server;
use crate::ua::subscription::SessionKey;

impl Server {
    /// Finds anew what a session may do: its user, its channel or the roles have changed.
    pub fn renew_rights(&self, key: SessionKey) {
        let security = self.security_of(key);
        let rights = {
            let mut sessions = self.sessions.borrow_mut();
            let Some(session) = sessions.get_mut(key) else { return };
            session.rights = Rights::new(self.space.classes(), session.roles(), security);
            session.rights.clone()
        };
        self.subscriptions.borrow_mut().set_rights(key, &rights, time::now());
        self.check_hearing(key);
    }

    /// How the channel of a session is secured.
    fn security_of(&self, key: SessionKey) -> Security {
        let sessions = self.sessions.borrow();
        let connections = self.connections.borrow();
        let connection = sessions.get(key).and_then(|it| connections.get(&it.channel));
        let channel = connection.map(|it| it.channel.borrow());
        let endpoint = channel.as_ref().and_then(|it| it.as_ref()).map(|it| it.endpoint());
        endpoint
            .map_or_else(Security::default, |it| Security { sign: it.sign, encrypt: it.encrypt })
    }
}
