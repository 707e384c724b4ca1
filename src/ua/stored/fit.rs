//! Whether a value fits what is declared (Part 4, 5.11.4; Part 3, 5.6.2).

use opcua_types::{ByteString, StatusCode, Variant, VariantScalarTypeId as Scalar, VariantTypeId};

use crate::ua::space::{Declared, Kind, Space};

/// The value as it is kept: a byte string and an array of bytes stand for each other (WR-04).
/// `BadTypeMismatch` if type or rank is another, `BadOutOfRange` outside an enumeration.
pub fn fit(space: &Space, declared: &Declared, value: Variant) -> Result<Variant, StatusCode> {
    let value = as_declared(declared, value);
    check_rank(declared, &value)?;
    match &value {
        Variant::Array(array) => {
            check_type(&declared.kind, array.value_type)?;
            array.values.iter().try_for_each(|it| check_element(space, &declared.kind, it))?;
        }
        scalar => check_element(space, &declared.kind, scalar)?,
    }
    Ok(value)
}

fn as_declared(declared: &Declared, value: Variant) -> Variant {
    match (&declared.kind, value) {
        (Kind::Builtin(Scalar::Byte), Variant::ByteString(bytes)) if declared.rank != -1 => {
            bytes.value.unwrap_or_default().into()
        }
        (Kind::Builtin(Scalar::ByteString), Variant::Array(array))
            if array.value_type == Scalar::Byte && array.dimensions.is_none() =>
        {
            let byte = |it: &Variant| if let Variant::Byte(it) = it { *it } else { 0 };
            ByteString::from(array.values.iter().map(byte).collect::<Vec<u8>>()).into()
        }
        (_, value) => value,
    }
}

fn check_rank(declared: &Declared, value: &Variant) -> Result<(), StatusCode> {
    let rank = match value {
        Variant::Array(array) => array.dimensions.as_ref().map_or(1, Vec::len).max(1),
        _ => 0,
    };
    let fits = match declared.rank {
        -3 => rank <= 1,
        -2 => true,
        -1 => rank == 0,
        0 => rank >= 1,
        wanted => usize::try_from(wanted) == Ok(rank),
    };
    if fits && is_within(&declared.dimensions, value) {
        Ok(())
    } else {
        Err(StatusCode::BadTypeMismatch)
    }
}

/// No dimension is longer than declared; 0 declares no length.
fn is_within(most: &[u32], value: &Variant) -> bool {
    let Variant::Array(array) = value else { return true };
    let one = [array.values.len() as u32];
    let sizes = array.dimensions.as_deref().filter(|it| it.len() > 1).unwrap_or(&one);
    sizes.iter().zip(most).all(|(size, most)| *most == 0 || size <= most)
}

fn check_type(kind: &Kind, given: Scalar) -> Result<(), StatusCode> {
    use Scalar::{
        Byte, Double, Float, Int16, Int32, Int64, SByte, UInt16, UInt32, UInt64, Variant as Any,
    };
    let is_signed = matches!(given, SByte | Int16 | Int32 | Int64);
    let is_unsigned = matches!(given, Byte | UInt16 | UInt32 | UInt64);
    let fits = match kind {
        Kind::Any => true,
        // Elements of a Variant array are looked at one by one.
        Kind::Number => is_signed || is_unsigned || matches!(given, Float | Double | Any),
        Kind::Integer => is_signed || given == Any,
        Kind::UInteger => is_unsigned || given == Any,
        Kind::Builtin(wanted) => given == *wanted,
        Kind::Enumeration(_) => given == Int32,
        Kind::Structure(_) => given == Scalar::ExtensionObject,
    };
    if fits { Ok(()) } else { Err(StatusCode::BadTypeMismatch) }
}

fn check_element(space: &Space, kind: &Kind, value: &Variant) -> Result<(), StatusCode> {
    let inner = if let Variant::Variant(inner) = value { inner } else { value };
    let VariantTypeId::Scalar(given) = inner.type_id() else {
        return if *kind == Kind::Any { Ok(()) } else { Err(StatusCode::BadTypeMismatch) };
    };
    check_type(kind, given)?;
    match (kind, inner) {
        (Kind::Number | Kind::Integer | Kind::UInteger, Variant::Variant(_)) => {
            Err(StatusCode::BadTypeMismatch)
        }
        (Kind::Enumeration(values), Variant::Int32(number))
            if !values.is_empty() && !values.contains(&i64::from(*number)) =>
        {
            Err(StatusCode::BadOutOfRange)
        }
        (Kind::Structure(wanted), Variant::ExtensionObject(object))
            if !space.is_encoding_of(&object.binary_type_id(), *wanted) =>
        {
            Err(StatusCode::BadTypeMismatch)
        }
        _ => Ok(()),
    }
}
