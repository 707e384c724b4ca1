//! Bounds the recursion of a decoder (ENC-01, ENC-02).
//!
//! Variants, DataValues, DiagnosticInfos and structures hold each other to any depth, and the library that decodes
//! them counts only some of these. A decoder that goes deep reads on the way down: whoever is read from can see how
//! much stack is in use, and ends it with an error before there is none left.

use std::io::{Error, Read, Result};

/// Stack that a decoder may use, bytes: an eighth of what a main thread has, half of what other threads have.
const MOST_STACK: usize = 1 << 20;

/// Bytes that can be read only by who does not go deep.
#[derive(Debug)]
pub struct Shallow<'a, R> {
    rest: &'a mut R,
    start: usize,
}

impl<'a, R> Shallow<'a, R> {
    /// Reads `rest`; the depth is counted from here.
    pub fn new(rest: &'a mut R) -> Self {
        Self { rest, start: place() }
    }
}

impl<R: Read> Read for Shallow<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if place().abs_diff(self.start) > MOST_STACK {
            return Err(Error::other("nested too deep"));
        }
        self.rest.read(into)
    }
}

/// Where the stack stands, as an address.
#[inline(never)]
fn place() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opcua_types::{BinaryDecodable, ContextOwned, DataValue, DiagnosticInfo, Variant};

    fn is_refused<T: BinaryDecodable>(bytes: &[u8]) -> bool {
        let context = ContextOwned::default();
        let mut rest = bytes;
        T::decode(&mut Shallow::new(&mut rest), &context.context()).is_err()
    }

    #[test]
    fn enc_01_whatever_holds_itself_is_refused_when_it_goes_too_deep() {
        let values: Vec<u8> = [23_u8, 1].repeat(1_000_000);
        assert!(is_refused::<Variant>(&values));
        assert!(is_refused::<DataValue>(&[1_u8, 23].repeat(1_000_000)));
        assert!(is_refused::<DiagnosticInfo>(&vec![0x40; 1_000_000]));
    }

    #[test]
    fn enc_01_what_is_no_deeper_than_a_client_means_is_read() {
        let mut bytes = [23_u8, 1].repeat(20);
        bytes.extend_from_slice(&[1, 1]);
        assert!(!is_refused::<Variant>(&bytes));
    }
}
