//! Alarms at `Engine::scan`: what they do in time, what people do with them, and what is left after a restart.

mod documented;
mod life;
mod plant;
mod rare;
mod restart;
mod rig;
mod times;
