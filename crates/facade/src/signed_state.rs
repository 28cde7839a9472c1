//! Signed reasoning returns to the vendor that issued it, and to nobody else.
//!
//! A signature tells its format but not who issued it, and two vendors may share a format. So the
//! client remembers who issued the signatures that passed through it lately. Of an older one, or one
//! that another process saw, the first target of the route that speaks its format is taken to be
//! the issuer: the one that answers as long as it is well.
//! A target of another realm gets a copy of the request without those thoughts, whole: words whose
//! proof is gone are not its own either.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use interline_core::{ChatRequest, ChatResponse, Frame, Part, PartKind, Signature, StreamEvent};
use interline_routing::{Member, StateRealm};

use crate::Connection;

/// How many signatures are remembered; chosen, not measured: some thousand conversations' last
/// turns, in a few megabytes.
const REMEMBERED: usize = 32 * 1024;

/// Who issued the signatures that passed through lately.
#[derive(Debug, Default)]
pub(crate) struct Issuers(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// A fingerprint of the signature, to the realm that issued it.
    realms: HashMap<u64, Arc<str>>,
    /// The fingerprints, oldest first.
    order: VecDeque<u64>,
}

impl Issuers {
    /// Takes note of the signatures in a whole answer of `connection`.
    pub(crate) fn note_answer(&self, connection: &Connection, response: &ChatResponse) {
        let parts = response.choices.iter().flat_map(|choice| &choice.parts);
        for signature in parts.filter_map(signature_of) {
            self.note(connection, signature);
        }
    }

    /// Takes note of the signatures in a frame that `connection` sent.
    pub(crate) fn note_frame(&self, connection: &Connection, frame: &Frame) {
        for event in &frame.events {
            let signature = match event {
                StreamEvent::ReasoningSignature { signature, .. } => Some(signature),
                StreamEvent::Part { part, .. } => signature_of(part),
                _ => None,
            };
            if let Some(signature) = signature {
                self.note(connection, signature);
            }
        }
    }

    fn note(&self, connection: &Connection, signature: &Signature) {
        let key = fingerprint(signature);
        let realm = connection.realm(&signature.format).realm;
        let mut memory = self.lock();
        if memory.realms.insert(key, realm).is_none() {
            memory.order.push_back(key);
        }
        if memory.order.len() > REMEMBERED
            && let Some(oldest) = memory.order.pop_front()
        {
            memory.realms.remove(&oldest);
        }
    }

    /// Who issued a signature, as far as is known: the memory's word, else the first of `members`
    /// that speaks its format; nobody's where none does.
    fn of(&self, signature: &Signature, members: &[Member]) -> StateRealm {
        if let Some(realm) = self.lock().realms.get(&fingerprint(signature)) {
            return StateRealm::new(signature.format.clone(), Arc::clone(realm));
        }
        members
            .iter()
            .flat_map(|member| &member.realms)
            .find(|realm| realm.format == signature.format)
            .cloned()
            .unwrap_or_else(|| StateRealm::new(signature.format.clone(), ""))
    }

    /// Who issued the signed reasoning in `request`, each once.
    pub(crate) fn in_request(&self, request: &ChatRequest, members: &[Member]) -> Vec<StateRealm> {
        let mut realms = Vec::new();
        let parts = request.messages.iter().flat_map(|message| &message.parts);
        for signature in parts.filter_map(signature_of) {
            let realm = self.of(signature, members);
            if !realms.contains(&realm) {
                realms.push(realm);
            }
        }
        realms
    }

    /// The request as `member` may see it: without the thoughts that others signed.
    ///
    /// A message that says nothing else is left out with them.
    /// The bytes of the request stay where only thoughts of other formats go: a format's bytes have
    /// no place for those, so nothing of them is in there.
    pub(crate) fn stripped_for(
        &self,
        member: &Member,
        request: &ChatRequest,
        members: &[Member],
    ) -> ChatRequest {
        let mut stripped = request.clone();
        let is_foreign = |part: &Part| {
            let owner = signature_of(part).map(|signature| self.of(signature, members));
            owner.is_some_and(|owner| !member.realms.contains(&owner))
        };
        let origin = request.origin().filter(|origin| {
            let parts = request.messages.iter().flat_map(|message| &message.parts);
            let mut leaving = parts.filter(|part| is_foreign(part));
            leaving.all(|part| signature_of(part).is_some_and(|own| own.format != origin.format))
        });
        stripped.edit(|body| {
            body.messages.retain_mut(|message| {
                let before = message.parts.len();
                // Some vendors sign the call and not the words that led to it: those are theirs too.
                let is_anothers = message.parts.iter().any(is_foreign);
                let leaves =
                    |part: &Part| is_foreign(part) || (is_anothers && is_unsigned_thought(part));
                message.parts.retain(|part| !leaves(part));
                !message.parts.is_empty() || before == 0
            });
        });
        match origin {
            Some(origin) => stripped.with_origin(origin.clone()),
            None => stripped,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        // A panic elsewhere cannot leave more behind than a fingerprint without its turn to go.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn signature_of(part: &Part) -> Option<&Signature> {
    match &part.kind {
        PartKind::Reasoning(reasoning) => reasoning.signature.as_ref(),
        _ => None,
    }
}

const fn is_unsigned_thought(part: &Part) -> bool {
    matches!(&part.kind, PartKind::Reasoning(thought) if thought.signature.is_none())
}

/// Sixty-four bits are enough: a collision could only call a signature another vendor's, which then
/// refuses it or goes without it.
fn fingerprint(signature: &Signature) -> u64 {
    let mut hasher = DefaultHasher::new();
    signature.format.hash(&mut hasher);
    signature.value.hash(&mut hasher);
    hasher.finish()
}
