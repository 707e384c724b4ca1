//! What passes a where clause and what does not (EVT-06 to EVT-08).

use opcua_types::{
    ContentFilter, ContentFilterElement, ContentFilterResult, ElementOperand, ExtensionObject,
    FilterOperator, LiteralOperand, LocalizedText, NodeId, SimpleAttributeOperand, StatusCode,
    Variant,
};
use proptest::prelude::*;

use crate::ua::event::{Checks, Fields, WhereClause};

use FilterOperator as O;

/// An event with one field, `Severity`, of a type that is below `i=2041`.
struct Seen(Variant);

impl Fields for Seen {
    fn field(&self, _: &SimpleAttributeOperand) -> Variant {
        self.0.clone()
    }

    fn is_of_type(&self, kind: &NodeId) -> bool {
        *kind == NodeId::new(0, 2041)
    }
}

fn lit(value: impl Into<Variant>) -> ExtensionObject {
    ExtensionObject::from_message(LiteralOperand { value: value.into() })
}

fn at(index: u32) -> ExtensionObject {
    ExtensionObject::from_message(ElementOperand { index })
}

fn field() -> ExtensionObject {
    ExtensionObject::from_message(SimpleAttributeOperand::default())
}

fn filter(elements: Vec<(O, Vec<ExtensionObject>)>) -> ContentFilter {
    let elements = elements.into_iter().map(|(operator, operands)| ContentFilterElement {
        filter_operator: operator,
        filter_operands: Some(operands),
    });
    ContentFilter { elements: Some(elements.collect()) }
}

fn checked(filter: &ContentFilter) -> Result<WhereClause, ContentFilterResult> {
    let checks = Checks {
        field: &|_| StatusCode::Good,
        is_event_type: &|it| *it == NodeId::new(0, 2041) || *it == NodeId::new(0, 2130),
    };
    WhereClause::new(filter, 10, &checks)
}

fn passes(operator: O, operands: Vec<ExtensionObject>) -> bool {
    let clause = checked(&filter(vec![(operator, operands)])).expect("a filter in order");
    clause.passes(&Seen(500_u16.into()))
}

/// What the operator gives, told apart from null by its negation.
fn gives(operator: O, operands: Vec<ExtensionObject>) -> Option<bool> {
    let negated = filter(vec![(O::Not, vec![at(1)]), (operator, operands.clone())]);
    let not = checked(&negated).expect("a filter in order").passes(&Seen(500_u16.into()));
    match (passes(operator, operands), not) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
        (true, true) => panic!("true and false"),
    }
}

#[test]
fn evt_06_numbers_of_any_type_compare_without_loss() {
    assert_eq!(gives(O::Equals, vec![field(), lit(500_u16)]), Some(true));
    assert_eq!(gives(O::Equals, vec![field(), lit(500.0)]), Some(true));
    assert_eq!(gives(O::GreaterThan, vec![field(), lit(499.5)]), Some(true));
    assert_eq!(gives(O::LessThan, vec![field(), lit(-1_i64)]), Some(false));
    assert_eq!(gives(O::GreaterThanOrEqual, vec![field(), lit(500_u64)]), Some(true));
    assert_eq!(gives(O::LessThanOrEqual, vec![field(), lit(499_i32)]), Some(false));
    let large = 9_007_199_254_740_993_i64;
    assert_eq!(gives(O::Equals, vec![lit(large), lit(large as f64)]), Some(false));
    assert_eq!(gives(O::GreaterThan, vec![lit(u64::MAX), lit(-1_i64)]), Some(true));
    assert_eq!(gives(O::Equals, vec![lit(f64::NAN), lit(f64::NAN)]), Some(false));
}

#[test]
fn evt_06_texts_and_what_can_become_one_compare() {
    assert_eq!(gives(O::Equals, vec![lit("tap"), lit("tap")]), Some(true));
    let text = LocalizedText::new("en", "tap");
    assert_eq!(gives(O::Equals, vec![lit(text), lit("tap")]), Some(true));
    assert_eq!(gives(O::LessThan, vec![lit("a"), lit("b")]), Some(true));
    assert_eq!(gives(O::Equals, vec![field(), lit("500")]), Some(true));
    assert_eq!(gives(O::Equals, vec![field(), lit("much")]), None);
}

#[test]
fn evt_06_null_is_neither_true_nor_false() {
    let null = || lit(Variant::Empty);
    assert_eq!(gives(O::IsNull, vec![null()]), Some(true));
    assert_eq!(gives(O::IsNull, vec![field()]), Some(false));
    assert_eq!(gives(O::Equals, vec![null(), null()]), None);
    assert_eq!(gives(O::Not, vec![null()]), None);
    let table = [
        (Some(true), Some(true), Some(true), Some(true)),
        (Some(true), Some(false), Some(false), Some(true)),
        (Some(true), None, None, Some(true)),
        (Some(false), Some(false), Some(false), Some(false)),
        (Some(false), None, Some(false), None),
        (None, None, None, None),
    ];
    let value = |it: Option<bool>| it.map_or_else(null, lit);
    for (one, other, and, or) in table {
        for (one, other) in [(one, other), (other, one)] {
            assert_eq!(gives(O::And, vec![value(one), value(other)]), and, "{one:?} and {other:?}");
            assert_eq!(gives(O::Or, vec![value(one), value(other)]), or, "{one:?} or {other:?}");
        }
    }
}

#[test]
fn evt_06_bits_types_and_ranges() {
    let masked = filter(vec![
        (O::Equals, vec![at(1), lit(4_i32)]),
        (O::BitwiseAnd, vec![field(), lit(0x0c_i32)]),
    ]);
    assert!(checked(&masked).unwrap().passes(&Seen(500_u16.into())));
    let either = filter(vec![
        (O::Equals, vec![at(1), lit(0x1_ff_u16)]),
        (O::BitwiseOr, vec![field(), lit(0x0f_u16)]),
    ]);
    assert!(checked(&either).unwrap().passes(&Seen(500_u16.into())));
    assert_eq!(gives(O::OfType, vec![lit(NodeId::new(0, 2041))]), Some(true));
    assert_eq!(gives(O::OfType, vec![lit(NodeId::new(0, 2130))]), Some(false));
    assert_eq!(gives(O::Between, vec![field(), lit(500), lit(600)]), Some(true));
    assert_eq!(gives(O::InList, vec![field(), lit(1), lit("500")]), Some(true));
    let cast = filter(vec![
        (O::Equals, vec![at(1), lit("500")]),
        (O::Cast, vec![field(), lit(NodeId::new(0, 12))]),
    ]);
    assert!(checked(&cast).unwrap().passes(&Seen(500_u16.into())));
}

#[test]
fn evt_07_odd_operands_give_false_or_null_and_no_end() {
    assert_eq!(gives(O::InList, vec![field()]), Some(false));
    assert_eq!(gives(O::Between, vec![field(), lit(600), lit(400)]), Some(false));
    let cast = filter(vec![
        (O::IsNull, vec![at(1)]),
        (O::Cast, vec![lit("much"), lit(NodeId::new(0, 11))]),
    ]);
    assert!(checked(&cast).unwrap().passes(&Seen(500_u16.into())));
    let like = |text: &str, pattern: &str| gives(O::Like, vec![lit(text), lit(pattern)]);
    assert_eq!(like("Line1.EL101", "Line_.%"), Some(true));
    assert_eq!(like("Line1", "[K-M]ine[^2-9]"), Some(true));
    assert_eq!(like("Line3", "[K-M]ine[^2-9]"), Some(false));
    assert_eq!(like("50 %", r"50 \%"), Some(true));
    assert_eq!(like("50 x", r"50 \%"), Some(false));
    assert_eq!(like("", "%"), Some(true));
    assert_eq!(like("槽", "_"), Some(true));
    assert_eq!(like("a", "[a"), None);
    assert_eq!(like("a", "\\"), None);
    assert_eq!(gives(O::Like, vec![field(), lit(Variant::Empty)]), None);
    // What would take for ever by going back everywhere.
    let (text, pattern) = ("a".repeat(5000), "%a".repeat(200) + "b");
    assert_eq!(like(&text, &pattern), Some(false));
}

#[test]
fn evt_08_elements_that_look_back_or_beyond_are_refused() {
    for index in [0, 1, 7, u32::MAX] {
        let looped = filter(vec![(O::Not, vec![at(index)])]);
        let result = checked(&looped).expect_err("a circle");
        let elements = result.element_results.unwrap();
        assert_eq!(elements[0].status_code, StatusCode::BadFilterOperandInvalid, "{index}");
        assert_eq!(
            elements[0].operand_status_codes,
            Some(vec![StatusCode::BadFilterOperandInvalid])
        );
    }
    let code = |elements| {
        let result = checked(&filter(elements)).expect_err("a wrong filter");
        result.element_results.unwrap()[0].status_code
    };
    assert_eq!(code(vec![(O::Not, vec![])]), StatusCode::BadFilterOperandCountMismatch);
    assert_eq!(code(vec![(O::InView, vec![field()])]), StatusCode::BadFilterOperatorUnsupported);
    let unknown = vec![lit(NodeId::new(0, 58))];
    assert_eq!(code(vec![(O::OfType, unknown)]), StatusCode::BadFilterOperandInvalid);
    let many = (0..11).map(|_| (O::IsNull, vec![field()])).collect();
    assert_eq!(code(many), StatusCode::BadFilterElementInvalid);
}

fn any_operand() -> impl Strategy<Value = ExtensionObject> {
    prop_oneof![
        (0_u32..12).prop_map(at),
        any::<f64>().prop_map(lit),
        any::<i32>().prop_map(lit),
        ".{0,8}".prop_map(|it| lit(it.as_str())),
        Just(lit(Variant::Empty)),
        (0_u32..30).prop_map(|it| lit(NodeId::new(0, it))),
        Just(field()),
        Just(ExtensionObject::null()),
    ]
}

fn any_operator() -> impl Strategy<Value = O> {
    (0_i32..18).prop_map(|it| O::try_from(it).unwrap_or_default())
}

proptest! {
    #[test]
    fn evt_08_no_filter_breaks_the_server(
        elements in prop::collection::vec(
            (any_operator(), prop::collection::vec(any_operand(), 0..4)), 0..10),
    ) {
        if let Ok(clause) = checked(&filter(elements)) {
            clause.passes(&Seen(Variant::from("x")));
            clause.passes(&Seen(Variant::Empty));
        }
    }
}
