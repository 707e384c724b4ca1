//! A subscription moves from one session to another (Part 4, 5.14.7).

use opcua_types::StatusCode;

use crate::time::Timestamp;
use crate::ua::subscription::SessionKey;
use crate::ua::subscription::set::SubscriptionSet;

/// On whose behalf a subscription was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// User name.
    pub user: String,
    /// No user was named.
    pub is_anonymous: bool,
    /// The client's ApplicationUri.
    pub client_uri: String,
}

impl Owner {
    /// Whether `other` may take over: the same user; nobody in particular only from the same application.
    fn is_same(&self, other: &Self) -> bool {
        if self.is_anonymous || other.is_anonymous {
            return self.is_anonymous
                && other.is_anonymous
                && !self.client_uri.is_empty()
                && self.client_uri == other.client_uri;
        }
        self.user == other.user
    }
}

impl SubscriptionSet {
    /// Moves subscription `id` to `session`: the sequence numbers that it keeps for Republish.
    pub fn transfer(
        &mut self,
        id: u32,
        to: (SessionKey, &Owner),
        send_initial_values: bool,
        now: Timestamp,
    ) -> Result<Vec<u32>, StatusCode> {
        let (session, owner) = to;
        let own = self.all.values().filter(|it| it.session == Some(session)).count();
        let bound = self.bounds.subscriptions_per_session;
        let found = self.all.get_mut(&id).ok_or(StatusCode::BadSubscriptionIdInvalid)?;
        found.tally.transfer_requests = found.tally.transfer_requests.wrapping_add(1);
        if !found.owner.is_same(owner) {
            return Err(StatusCode::BadUserAccessDenied);
        }
        if found.session == Some(session) {
            return Err(StatusCode::BadNothingToDo);
        }
        if own >= bound {
            return Err(StatusCode::BadTooManySubscriptions);
        }
        let farewell = found.farewell(StatusCode::GoodSubscriptionTransferred, now);
        let before = found.session.replace(session);
        let is_same = found.owner.client_uri == owner.client_uri;
        let tally = &mut found.tally;
        let counter =
            if is_same { &mut tally.transferred_to_same } else { &mut tally.transferred_to_other };
        *counter = counter.wrapping_add(1);
        found.owner.clone_from(owner);
        found.touch();
        if send_initial_values {
            found.resend();
        }
        let available = found.available();
        if let Some(queue) = before.and_then(|it| self.queues.get_mut(&it)) {
            queue.notice(id, farewell);
        }
        Ok(available)
    }

    /// The session that subscription `id` reports to.
    pub fn session_of(&self, id: u32) -> Option<SessionKey> {
        self.all.get(&id).and_then(|it| it.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(user: &str, is_anonymous: bool, uri: &str) -> Owner {
        Owner { user: user.to_owned(), is_anonymous, client_uri: uri.to_owned() }
    }

    #[test]
    fn sub_21_only_the_same_user_or_the_same_nameless_application_takes_over() {
        assert!(owner("ann", false, "a").is_same(&owner("ann", false, "b")));
        assert!(!owner("ann", false, "a").is_same(&owner("bob", false, "a")));
        assert!(owner("anonymous", true, "a").is_same(&owner("anonymous", true, "a")));
        assert!(!owner("anonymous", true, "a").is_same(&owner("anonymous", true, "b")));
        assert!(!owner("anonymous", false, "a").is_same(&owner("anonymous", true, "a")));
    }
}
