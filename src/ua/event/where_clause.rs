use opcua_types::{
    ContentFilter, ContentFilterResult, NodeId, SimpleAttributeOperand, StatusCode, Variant,
};
/// What a where clause asks of an event.
pub trait Fields {
    /// field
    fn field(&self, operand: &SimpleAttributeOperand) -> Variant;
    /// of type
    fn is_of_type(&self, kind: &NodeId) -> bool;
}
/// A where clause
#[derive(Clone, Debug)]
pub struct WhereClause;
impl WhereClause {
    /// new
    pub fn new(
        _: &ContentFilter,
        _: usize,
        _: &dyn Fn(&SimpleAttributeOperand) -> StatusCode,
        _: &dyn Fn(&NodeId) -> bool,
    ) -> Result<Self, ContentFilterResult> {
        Ok(Self)
    }
    /// passes
    pub fn passes(&self, _: &dyn Fields) -> bool {
        true
    }
}
