//! What one call needs of a target, and what a target then lacks.
//!
//! | a target that lacks | in general | on a strict route |
//! |---|---|---|
//! | the operation, a semantic feature, a native need | is excluded | is excluded |
//! | what a constraint demands: provider, region, price, cost; a window that holds the conversation | is excluded | is excluded |
//! | a hint, by itself or beside something else that is asked | is asked without it, and that is noted | is excluded |
//! | a field that no type knows, or that its vendor refuses; message parts of one format | is asked without it, and that is noted | is excluded |
//! | the right to signed reasoning | is asked without it, and that is noted | is excluded |

use std::sync::Arc;

use interline_core::{
    ChatRequest, Extra, Feature, FeatureSet, FormatId, Message, NativeNeed, Operation, Part,
    PartKind, Tool,
};

use crate::{CallSize, Constraints, Fit, Lack, Member};

/// Fields that their dialect keeps whole although core's types say the same in their own words: a
/// target of another format loses nothing that is worth a note.
const TYPED_TOO: [&str; 3] = ["thinking", "output_config", "output_format"];

/// Fields of messages, parts and tools that say nothing to anybody but their own format: what kind of
/// item it is, what it is called, and how far it had come (under `item` the dialect of Responses keeps
/// the same of the item around a part).
const OF_THE_FORMAT: [&str; 6] = ["id", "status", "type", "index", "phase", "item"];

/// Whether a target that cannot follow a hint is asked without it, or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strictness {
    /// It is asked without it, and that is noted.
    #[default]
    Lenient,
    /// It is excluded: nothing of a request is ever left out.
    Strict,
}

/// Who may receive signed reasoning: connections of one realm, in one format.
///
/// A realm is a name for vendors that take each other's signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateRealm {
    /// The format of the signatures.
    pub format: FormatId,
    /// Who issued them.
    pub realm: Arc<str>,
}

impl StateRealm {
    /// Signatures in `format` that `realm` issues and takes back.
    pub fn new(format: FormatId, realm: impl Into<Arc<str>>) -> Self {
        Self {
            format,
            realm: realm.into(),
        }
    }
}

/// What one call needs of a target.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Needs {
    /// What kind of call it is.
    pub operation: Operation,
    /// Features and hints.
    pub features: FeatureSet,
    /// Wishes that only one format can carry and without which the answer would be another one.
    pub native: Vec<NativeNeed>,
    /// The request itself, of which some adapters leave out more than the features tell.
    pub request: Option<ChatRequest>,
    /// Fields that no type knows: of the request by their names, of what is in it as
    /// `messages[].name`, `messages[].content[].name` and `tools[].name`.
    pub unknown_fields: Vec<NativeNeed>,
    /// Formats of which there are message parts that no other format knows.
    pub native_parts: Vec<FormatId>,
    /// The format that it arrived in: to a target that speaks it its bytes go out as they are.
    pub arrived_as: Option<FormatId>,
    /// Who issued the signed reasoning in the conversation.
    pub signed: Vec<StateRealm>,
    /// What becomes of hints that a target cannot follow.
    pub strictness: Strictness,
    /// Whether the price must be known.
    pub pricing: Pricing,
    /// Who may serve it at all.
    pub constraints: Constraints,
    /// How large it is, by estimate; where `None`, context windows are not looked at, and no target can
    /// be shown to be under a cap on the cost.
    pub size: Option<CallSize>,
}

/// Whether a target's price must be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Pricing {
    /// An unknown price is no reason against a target.
    #[default]
    Any,
    /// A target of unknown price is excluded.
    Known,
}

impl Needs {
    /// A call of a kind that needs nothing else.
    #[must_use]
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            ..Self::default()
        }
    }

    /// What an answer to `request` needs. Who issued its signed reasoning is not in the request: see
    /// [`Needs::with_signed`].
    #[must_use]
    pub fn of_chat(request: &ChatRequest) -> Self {
        let native = request.native_needs();
        let mut unknown_fields = unknown_fields(request);
        unknown_fields.retain(|field| !native.contains(field));
        Self {
            features: request.features(),
            native,
            request: Some(request.clone()),
            unknown_fields,
            native_parts: native_parts(&request.messages),
            arrived_as: request.origin().map(|origin| origin.format.clone()),
            ..Self::new(Operation::Chat)
        }
    }

    /// Says who issued the signed reasoning.
    #[must_use]
    pub fn with_signed(mut self, signed: Vec<StateRealm>) -> Self {
        self.signed = signed;
        self
    }

    /// Says what becomes of hints that a target cannot follow.
    #[must_use]
    pub const fn with_strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Says whether the price must be known.
    #[must_use]
    pub const fn with_pricing(mut self, pricing: Pricing) -> Self {
        self.pricing = pricing;
        self
    }

    /// Says who may serve it at all.
    #[must_use]
    pub fn with_constraints(mut self, constraints: Constraints) -> Self {
        self.constraints = constraints;
        self
    }

    /// Says how large it is.
    #[must_use]
    pub fn with_size(mut self, size: impl Into<Option<CallSize>>) -> Self {
        self.size = size.into();
        self
    }

    /// What `member` lacks: first the reasons to exclude it, then what it is asked without.
    pub(crate) fn missing_in(&self, member: &Member) -> (Vec<Lack>, Vec<Lack>) {
        let can = &member.capabilities;
        let speaks = |format: &FormatId| can.formats.contains(format);
        let missing = |needs: &[NativeNeed], foreign: fn(NativeNeed) -> Lack| -> Vec<Lack> {
            let missing = needs.iter().filter(|need| !can.carries_native(need));
            let lack = |need: &NativeNeed| match speaks(&need.format) {
                true => Lack::RefusedField(need.clone()),
                false => foreign(need.clone()),
            };
            missing.map(lack).collect()
        };
        let mut lacks = Vec::new();
        if !member.operations.contains(&self.operation) {
            lacks.push(Lack::Operation(self.operation));
        }
        if self.pricing > member.pricing {
            lacks.push(Lack::Price);
        }
        let prices = member.facts.prices;
        let estimate = self
            .size
            .zip(prices)
            .and_then(|(size, prices)| size.cost(&prices));
        lacks.extend(self.constraints.lacks(member, estimate));
        lacks.extend(self.window_lack(can.context_window));
        lacks.extend(can.lacks(self.features).map(Lack::Feature));
        lacks.extend(missing(&self.native, Lack::Native));

        let as_it_came = self.arrived_as.as_ref().is_some_and(speaks);
        let ignored = can.ignores(self.features);
        let ignored = ignored.filter(|feature| !(as_it_came && stays_in_bytes(*feature)));
        let mut drops: Vec<Lack> = ignored.map(Lack::Feature).collect();
        for feature in self.left_out_by(member).iter() {
            let lack = Lack::Feature(feature);
            if self.features.contains(feature) && !drops.contains(&lack) {
                drops.push(lack);
            }
        }
        drops.extend(missing(&self.unknown_fields, Lack::UnknownField));
        for state in &self.signed {
            let lack = Lack::SignedReasoning(state.format.clone());
            if !member.realms.contains(state) && !drops.contains(&lack) {
                drops.push(lack);
            }
        }
        let parts = self.native_parts.iter().filter(|format| !speaks(format));
        drops.extend(parts.cloned().map(Lack::NativePart));
        if self.strictness == Strictness::Strict {
            lacks.append(&mut drops);
        }
        (lacks, drops)
    }

    /// A window that surely does not hold the conversation.
    fn window_lack(&self, window: Option<u64>) -> Option<Lack> {
        let (needed, window) = (self.size?.window_tokens(), window?);
        (Fit::of(needed, Some(window)) == Fit::TooLong)
            .then_some(Lack::ContextWindow { needed, window })
    }

    /// What the adapter of `member` leaves out because of what else the request says.
    fn left_out_by(&self, member: &Member) -> FeatureSet {
        let left_out_of = member.capabilities.left_out_of;
        let request = self.request.as_ref();
        let asked = request.map(|request| request.for_model(member.target.target.model.clone()));
        asked.map_or_else(FeatureSet::empty, |asked| left_out_of.decide(&asked))
    }
}

/// Whether a hint that the adapter leaves out stays where bytes go out as they came.
///
/// Names of participants are taken out of bytes, too, by adapters whose vendors refuse them.
fn stays_in_bytes(feature: Feature) -> bool {
    feature.is_presumed() && feature != Feature::ParticipantNames
}

fn unknown_fields(request: &ChatRequest) -> Vec<NativeNeed> {
    let mut fields = Vec::new();
    note_fields("", &request.extra, &TYPED_TOO, &mut fields);
    for message in &request.messages {
        note_fields("messages[].", &message.extra, &OF_THE_FORMAT, &mut fields);
        for part in &message.parts {
            note_part_fields(part, &mut fields);
        }
    }
    for tool in &request.tools {
        if let Tool::Function(tool) = tool {
            note_fields("tools[].", &tool.extra, &OF_THE_FORMAT, &mut fields);
        }
    }
    fields
}

/// What a part of one format says beside its content is told of with the part itself.
fn note_part_fields(part: &Part, fields: &mut Vec<NativeNeed>) {
    match &part.kind {
        PartKind::Other { .. } | PartKind::Reasoning(_) => return,
        PartKind::ToolResult(result) => {
            for part in &result.content {
                note_part_fields(part, fields);
            }
        }
        _ => {}
    }
    note_fields("messages[].content[].", &part.extra, &OF_THE_FORMAT, fields);
}

/// Notes the fields that say something, each once.
fn note_fields(path: &str, extra: &Extra, known: &[&str], fields: &mut Vec<NativeNeed>) {
    let Some(format) = extra.format() else {
        return;
    };
    for name in extra.said().filter(|name| !known.contains(name)) {
        let need = NativeNeed::new(format.clone(), format!("{path}{name}"));
        if !fields.contains(&need) {
            fields.push(need);
        }
    }
}

fn native_parts(messages: &[Message]) -> Vec<FormatId> {
    let mut formats = Vec::new();
    for part in messages.iter().flat_map(|message| &message.parts) {
        note_format(part, &mut formats);
    }
    formats
}

/// Tools may give back pieces too, so results are looked into.
fn note_format(part: &Part, formats: &mut Vec<FormatId>) {
    match &part.kind {
        PartKind::Other { format, .. } if !formats.contains(format) => {
            formats.push(format.clone());
        }
        PartKind::ToolResult(result) => {
            for part in &result.content {
                note_format(part, formats);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{Capabilities, ChatBody, Extra, Origin, Role, Target};
    use serde_json::json;

    use super::*;
    use crate::WeightedTarget;

    const FORMAT: FormatId = FormatId::from_static("a.format");

    #[test]
    fn a_hint_stays_where_bytes_go_out_as_they_came() {
        let mut request =
            ChatRequest::new("chat", [Message::user("hi").with_name("Ada")]).with_temperature(0.5);
        request = request.with_origin(Origin::new(FORMAT, Vec::new().into()));
        let needs = Needs::of_chat(&request);
        let left_out = FeatureSet::from_iter([Feature::Temperature, Feature::ParticipantNames]);
        let can = Capabilities::new(FeatureSet::empty()).with_left_out(left_out);
        let target = |can| Member::new(WeightedTarget::new(Target::new("p", "m")), can);
        let (_, drops) = needs.missing_in(&target(can.clone()));
        assert_eq!(drops, [Feature::Temperature, Feature::ParticipantNames]);
        let (_, drops) = needs.missing_in(&target(can.with_format(FORMAT)));
        assert_eq!(drops, [Feature::ParticipantNames]);
    }

    #[test]
    fn what_a_vendor_refuses_of_its_own_format_is_told_and_what_it_must_have_excludes_it() {
        let fields = json!({"store": true, "verbosity": "low", "seed": null, "tags": []});
        let mut body = ChatBody::default();
        let message = json!({"annotations": [1], "id": "m1"});
        let extra = |fields: &serde_json::Value| {
            Extra::new(FORMAT, fields.as_object().expect("an object").clone())
        };
        body.messages = vec![Message::user("hi").with_extra(extra(&message))];
        body.extra = extra(&fields);
        let request = ChatRequest::from_body("chat", body);
        let can = Capabilities::new(FeatureSet::all())
            .with_format(FORMAT)
            .with_refused(&FORMAT, ["store", "messages[].annotations", "modalities"]);
        let member = Member::new(WeightedTarget::new(Target::new("p", "m")), can);
        let needs = Needs::of_chat(&request);
        let refused = |field| Lack::RefusedField(NativeNeed::new(FORMAT, field));
        let told = [refused("store"), refused("messages[].annotations")];
        assert_eq!(needs.missing_in(&member), (Vec::new(), told.to_vec()));
        let strict = needs.clone().with_strictness(Strictness::Strict);
        assert_eq!(strict.missing_in(&member), (told.to_vec(), Vec::new()));
        let native = Needs {
            native: vec![NativeNeed::new(FORMAT, "modalities")],
            ..Needs::default()
        };
        assert_eq!(native.missing_in(&member).0, [refused("modalities")]);
    }

    #[test]
    fn a_hint_that_gives_way_to_another_is_told() {
        let decide = |request: &ChatRequest| match request.model.as_str() {
            "thinker" => FeatureSet::empty()
                .with(Feature::Temperature)
                .with(Feature::Seed),
            _ => FeatureSet::empty(),
        };
        let request = ChatRequest::new("chat", [Message::user("hi")]).with_temperature(0.5);
        let needs = Needs::of_chat(&request.with_origin(Origin::new(FORMAT, Vec::new().into())));
        let can = Capabilities::new(FeatureSet::all())
            .with_format(FORMAT)
            .with_left_out_of(interline_core::LeftOutOf::by(decide));
        let asked = |model: &str| {
            let target = WeightedTarget::new(Target::new("p", model));
            needs.missing_in(&Member::new(target, can.clone())).1
        };
        assert_eq!(asked("thinker"), [Feature::Temperature]);
        assert_eq!(asked("other"), Vec::<Lack>::new());
    }

    #[test]
    fn a_request_tells_what_only_its_format_can_carry() {
        let result = Part::tool_result("call", [Part::other(FORMAT, json!({}))]);
        let mut body = ChatBody::default();
        body.messages = vec![Message::user("hi"), Message::new(Role::Tool, [result])];
        let fields = json!({"thinking": {}, "context_management": {}});
        let serde_json::Value::Object(fields) = fields else {
            unreachable!("an object was written");
        };
        body.extra = Extra::new(FORMAT, fields);
        body.native = vec![NativeNeed::new(FORMAT, "conversation")];
        let needs = Needs::of_chat(&ChatRequest::from_body("chat", body));
        let field = |name| NativeNeed::new(FORMAT, name);
        assert_eq!(needs.native, [field("conversation")]);
        assert_eq!(needs.unknown_fields, [field("context_management")]);
        assert_eq!(needs.native_parts, [FORMAT]);
        assert_eq!(needs.operation, Operation::Chat);
    }
}
