//! Everything that keeps what the plant shows, and ends when the server ends.

use std::sync::Arc;

use crate::app::Failure;
use crate::app::figures::Figures;
use crate::chronicle::Chronicler;
use crate::config::PlantConfig;
use crate::engine::{EnginePort, Listener};
use crate::forward;
use crate::historian::{Historian, HistorianPort};
use crate::kpi::KpiReader;
use crate::tag::TagTable;
use crate::time::Pace;

/// Who records, forwards and watches; none of them if there is no history.
#[derive(Default)]
pub(super) struct Recording {
    /// Records samples.
    pub(super) historian: Option<Historian>,
    /// Records events.
    pub(super) chronicler: Option<Chronicler>,
    /// Forwards samples to a database, if one is configured.
    pub(super) forwarder: Option<forward::Handle>,
    figures: Option<Figures>,
}

impl Recording {
    /// Of those who have been started.
    pub(super) fn new(
        historian: Option<Historian>,
        chronicler: Option<Chronicler>,
        forwarder: Option<forward::Handle>,
    ) -> Self {
        Self { historian, chronicler, forwarder, figures: None }
    }

    /// What hands the engine's snapshots to the historian. As fast as it can, the plant waits for it.
    pub(super) fn listener(&self, pace: Pace) -> Listener {
        let is_patient = matches!(pace, Pace::FreeRunning | Pace::Stepped);
        match &self.historian {
            Some(historian) => Box::new(historian.listener(is_patient)),
            None => Box::new(|_| {}),
        }
    }

    /// What the server holds of the historian.
    pub(super) fn history(&self) -> Option<HistorianPort> {
        self.historian.as_ref().map(Historian::port)
    }

    /// Starts to show the engine what the history tells: key figures, and how recording goes.
    pub(super) fn watch(
        &mut self,
        plant: Arc<PlantConfig>,
        table: &Arc<TagTable>,
        port: &EnginePort,
    ) -> Result<Option<KpiReader>, Failure> {
        let start = |it| Figures::start(it, (plant, table), port);
        self.figures = self.historian.as_ref().map(start).transpose()?;
        Ok(self.figures.as_ref().map(Figures::kpis))
    }

    /// Writes what is left and ends all of them.
    pub(super) fn finish(self) {
        self.figures.into_iter().for_each(Figures::stop);
        self.historian.into_iter().for_each(Historian::finish);
        self.chronicler.into_iter().for_each(Chronicler::finish);
        self.forwarder.into_iter().for_each(forward::Handle::stop);
    }
}
