//! Engineering units with their UNECE Recommendation 20 codes (domain B1).

/// An engineering unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Common code, such as `CEL`; empty for a unit of our own.
    pub code: &'static str,
    /// Symbol shown to people, such as `°C`.
    pub symbol: &'static str,
    /// Full name.
    pub name: &'static str,
}

impl Unit {
    /// UnitId of EUInformation (Part 8, 5.6.4.3): the code's bytes as a big-endian number; −1 for our own.
    pub fn id(&self) -> i32 {
        if self.code.is_empty() {
            return -1;
        }
        self.code.bytes().fold(0, |id, byte| id << 8 | i32::from(byte))
    }
}
