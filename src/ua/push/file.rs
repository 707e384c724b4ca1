//! The trust list as a file (Part 20, 4.2; Part 12, 7.8.2): handles, positions, what is read and written.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::ua::push::{PushProblem, TRUST_LIST_BYTES};
use crate::ua::subscription::SessionKey;

/// Handles of one session.
const HANDLES_PER_SESSION: usize = 4;
/// Handles of all sessions.
const HANDLES: usize = 16;
/// A handle that nobody uses is closed after so long: ActivityTimeout (Part 12, 7.8.2.1).
pub const IDLE: Duration = Duration::from_mins(1);

/// What a file is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To read what the list was at this moment.
    Read(Vec<u8>),
    /// To write it anew.
    Write,
}

#[derive(Debug)]
enum Content {
    Read(Rc<Vec<u8>>),
    Written(Vec<u8>),
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Read(bytes) => bytes.len(),
            Self::Written(bytes) => bytes.len(),
        }
    }
}

#[derive(Debug)]
struct OpenFile {
    handle: u32,
    session: SessionKey,
    position: usize,
    content: Content,
    used: Instant,
}

/// Every handle.
#[derive(Debug, Default)]
pub struct Files {
    open: Vec<OpenFile>,
    last: u32,
}

impl Files {
    /// Opens it; who writes is alone (GDS-06).
    pub fn open(
        &mut self,
        session: SessionKey,
        mode: Mode,
        now: Instant,
    ) -> Result<u32, PushProblem> {
        self.check_open(mode == Mode::Write)?;
        let own = self.open.iter().filter(|it| it.session == session).count();
        if own >= HANDLES_PER_SESSION || self.open.len() >= HANDLES {
            return Err(PushProblem::TooMany);
        }
        // Handles are not given twice soon: one that is used after its end is found out.
        self.last = self.last.wrapping_add(1).max(1);
        let content = match mode {
            Mode::Read(bytes) => Content::Read(Rc::new(bytes)),
            Mode::Write => Content::Written(Vec::new()),
        };
        self.open.push(OpenFile { handle: self.last, session, position: 0, content, used: now });
        Ok(self.last)
    }

    /// Whether it may be opened.
    pub fn check_open(&self, to_write: bool) -> Result<(), PushProblem> {
        if self.is_written() || (to_write && !self.open.is_empty()) {
            return Err(PushProblem::Open);
        }
        Ok(())
    }

    /// Somebody writes it.
    pub fn is_written(&self) -> bool {
        self.open.iter().any(|it| matches!(it.content, Content::Written(_)))
    }

    /// OpenCount.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    fn of(
        &mut self,
        session: SessionKey,
        handle: u32,
        now: Instant,
    ) -> Result<&mut OpenFile, PushProblem> {
        let mut open = self.open.iter_mut();
        let found = open.find(|it| it.handle == handle && it.session == session);
        let found = found.ok_or(PushProblem::Argument)?;
        found.used = now;
        Ok(found)
    }

    /// So many bytes from where the handle stands; fewer at the end, none behind it.
    pub fn read(
        &mut self,
        session: SessionKey,
        handle: u32,
        length: i32,
        now: Instant,
    ) -> Result<Vec<u8>, PushProblem> {
        let file = self.of(session, handle, now)?;
        let length = usize::try_from(length).map_err(|_| PushProblem::Argument)?;
        let Content::Read(bytes) = &file.content else { return Err(PushProblem::Mode) };
        let rest = bytes.get(file.position..).unwrap_or_default();
        let part = &rest[..length.min(rest.len())];
        file.position += part.len();
        Ok(part.to_vec())
    }

    /// Writes where the handle stands.
    pub fn write(
        &mut self,
        session: SessionKey,
        handle: u32,
        data: &[u8],
        now: Instant,
    ) -> Result<(), PushProblem> {
        let file = self.of(session, handle, now)?;
        let Content::Written(bytes) = &mut file.content else { return Err(PushProblem::Mode) };
        let end = file.position.saturating_add(data.len());
        if end > TRUST_LIST_BYTES {
            return Err(PushProblem::TooLong);
        }
        let kept = bytes.len().min(end);
        bytes.splice(file.position..kept, data.iter().copied());
        file.position = end;
        Ok(())
    }

    /// Where the handle stands.
    pub fn position(
        &mut self,
        session: SessionKey,
        handle: u32,
        now: Instant,
    ) -> Result<u64, PushProblem> {
        Ok(self.of(session, handle, now)?.position as u64)
    }

    /// Puts the handle there; behind the end is at the end (Part 20, 4.2.7).
    pub fn set_position(
        &mut self,
        session: SessionKey,
        handle: u32,
        position: u64,
        now: Instant,
    ) -> Result<(), PushProblem> {
        let file = self.of(session, handle, now)?;
        let end = file.content.len();
        file.position = usize::try_from(position).map_or(end, |it| it.min(end));
        Ok(())
    }

    /// Closes it; what has been written, if it was open for that.
    pub fn close(
        &mut self,
        session: SessionKey,
        handle: u32,
    ) -> Result<Option<Vec<u8>>, PushProblem> {
        let found = self.open.iter().position(|it| it.handle == handle && it.session == session);
        let file = self.open.remove(found.ok_or(PushProblem::Argument)?);
        Ok(match file.content {
            Content::Written(bytes) => Some(bytes),
            Content::Read(_) => None,
        })
    }

    /// Whether this handle is open for writing.
    pub fn writes(
        &mut self,
        session: SessionKey,
        handle: u32,
        now: Instant,
    ) -> Result<(), PushProblem> {
        match self.of(session, handle, now)?.content {
            Content::Written(_) => Ok(()),
            Content::Read(_) => Err(PushProblem::Mode),
        }
    }

    /// A session has ended.
    pub fn close_session(&mut self, session: SessionKey) {
        self.open.retain(|it| it.session != session);
    }

    /// Closes what nobody has used for [`IDLE`].
    pub fn close_idle(&mut self, now: Instant) {
        self.open.retain(|it| now < it.used + IDLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    const ONE: SessionKey = SessionKey(1);
    const OTHER: SessionKey = SessionKey(2);

    #[test]
    fn gds_06_a_file_is_read_in_parts_up_to_its_end_and_not_backwards() {
        let now = time::monotonic();
        let mut files = Files::default();
        let handle = files.open(ONE, Mode::Read(b"abcdef".to_vec()), now).unwrap();
        assert_eq!(files.read(ONE, handle, 4, now).unwrap(), b"abcd");
        assert_eq!(files.position(ONE, handle, now).unwrap(), 4);
        assert_eq!(files.read(ONE, handle, i32::MAX, now).unwrap(), b"ef");
        assert_eq!(files.read(ONE, handle, 1, now).unwrap(), b"");
        assert!(matches!(files.read(ONE, handle, -1, now), Err(PushProblem::Argument)));
        assert!(matches!(files.write(ONE, handle, b"x", now), Err(PushProblem::Mode)));
        files.set_position(ONE, handle, u64::MAX, now).unwrap();
        assert_eq!(files.read(ONE, handle, 1, now).unwrap(), b"");
        files.set_position(ONE, handle, 1, now).unwrap();
        assert_eq!(files.read(ONE, handle, 0, now).unwrap(), b"");
        assert_eq!(files.read(ONE, handle, 2, now).unwrap(), b"bc");
        assert!(matches!(files.read(OTHER, handle, 1, now), Err(PushProblem::Argument)));
    }

    #[test]
    fn gds_06_who_writes_is_alone_and_writes_no_more_than_there_may_be() {
        let now = time::monotonic();
        let mut files = Files::default();
        let reader = files.open(OTHER, Mode::Read(Vec::new()), now).unwrap();
        assert!(matches!(files.open(ONE, Mode::Write, now), Err(PushProblem::Open)));
        files.close(OTHER, reader).unwrap();
        let handle = files.open(ONE, Mode::Write, now).unwrap();
        assert!(matches!(files.open(OTHER, Mode::Write, now), Err(PushProblem::Open)));
        assert!(matches!(files.open(OTHER, Mode::Read(Vec::new()), now), Err(PushProblem::Open)));
        assert!(matches!(files.read(ONE, handle, 1, now), Err(PushProblem::Mode)));
        files.write(ONE, handle, b"abcd", now).unwrap();
        files.set_position(ONE, handle, 3, now).unwrap();
        files.write(ONE, handle, b"DEF", now).unwrap();
        files.set_position(ONE, handle, 0, now).unwrap();
        files.write(ONE, handle, b"A", now).unwrap();
        files.set_position(ONE, handle, 6, now).unwrap();
        let much = vec![0; TRUST_LIST_BYTES - 5];
        assert!(matches!(files.write(ONE, handle, &much, now), Err(PushProblem::TooLong)));
        assert_eq!(files.close(ONE, handle).unwrap(), Some(b"AbcDEF".to_vec()));
        assert!(matches!(files.close(ONE, handle), Err(PushProblem::Argument)));
    }

    #[test]
    fn gds_06_handles_are_bounded_and_go_with_their_session_or_when_nobody_uses_them() {
        let now = time::monotonic();
        let mut files = Files::default();
        for _ in 0..HANDLES_PER_SESSION {
            files.open(ONE, Mode::Read(Vec::new()), now).unwrap();
        }
        assert!(matches!(files.open(ONE, Mode::Read(Vec::new()), now), Err(PushProblem::TooMany)));
        let other = files.open(OTHER, Mode::Read(Vec::new()), now).unwrap();
        files.close_session(ONE);
        assert_eq!(files.count(), 1);
        files.close_idle(now + IDLE / 2);
        files.read(OTHER, other, 0, now + IDLE / 2).unwrap();
        files.close_idle(now + IDLE);
        assert_eq!(files.count(), 1);
        files.close_idle(now + IDLE * 2);
        assert_eq!(files.count(), 0);
    }
}
