//! Index ranges (Part 4, 7.27): part of an array, a matrix, a text or a byte string, read and written.

use opcua_types::{Array, ByteString, NumericRange, StatusCode, UAString, Variant};

/// First and last index of one dimension.
type Span = (usize, usize);

fn spans(range: &NumericRange) -> Vec<Span> {
    match range {
        NumericRange::None => Vec::new(),
        NumericRange::Index(at) => vec![(*at as usize, *at as usize)],
        NumericRange::Range(first, last) => vec![(*first as usize, *last as usize)],
        NumericRange::MultipleRanges(all) => all.iter().flat_map(spans).collect(),
    }
}

fn dimensions(array: &Array) -> Vec<usize> {
    match &array.dimensions {
        Some(sizes) if sizes.len() > 1 => sizes.iter().map(|it| *it as usize).collect(),
        _ => vec![array.values.len()],
    }
}

/// The part of a value that a range names. What is wholly outside is `BadIndexRangeNoData`, as is a range
/// with more or fewer dimensions than the value; what is partly outside is what there is.
pub fn slice(value: &Variant, range: &NumericRange) -> Result<Variant, StatusCode> {
    let spans = spans(range);
    match value {
        _ if spans.is_empty() => Ok(value.clone()),
        Variant::Array(array) => part_of_array(array, &spans),
        other => match spans.as_slice() {
            [span] => part_of_text(other, *span),
            _ => Err(StatusCode::BadIndexRangeNoData),
        },
    }
}

/// Characters of a text, bytes of a byte string.
fn part_of_text(value: &Variant, (first, last): Span) -> Result<Variant, StatusCode> {
    let count = last.saturating_sub(first).saturating_add(1);
    match value {
        Variant::String(text) => {
            let part: String = text.as_ref().chars().skip(first).take(count).collect();
            let part = (!part.is_empty()).then(|| UAString::from(part));
            part.map(Variant::from).ok_or(StatusCode::BadIndexRangeNoData)
        }
        Variant::ByteString(bytes) => {
            let bytes = bytes.value.as_deref().unwrap_or_default();
            let part: Vec<u8> = bytes.iter().skip(first).take(count).copied().collect();
            let part = (!part.is_empty()).then(|| ByteString::from(part));
            part.map(Variant::from).ok_or(StatusCode::BadIndexRangeNoData)
        }
        _ => Err(StatusCode::BadIndexRangeNoData),
    }
}

fn part_of_array(array: &Array, spans: &[Span]) -> Result<Variant, StatusCode> {
    let sizes = dimensions(array);
    let (own, text) = match spans.len().checked_sub(sizes.len()) {
        Some(0) => (spans, None),
        // One dimension more goes into the texts of the array.
        Some(1) => (&spans[..sizes.len()], spans.last()),
        _ => return Err(StatusCode::BadIndexRangeNoData),
    };
    let mut wanted = Vec::with_capacity(own.len());
    for ((first, last), size) in own.iter().zip(&sizes) {
        if first >= size {
            return Err(StatusCode::BadIndexRangeNoData);
        }
        wanted.push((*first, (*last).min(size - 1)));
    }
    let mut values = Vec::new();
    for at in positions(&sizes, &wanted) {
        let value = array.values.get(at).cloned().unwrap_or_default();
        values.push(match text {
            Some(span) => part_of_text(&value, *span)?,
            None => value,
        });
    }
    let made = if sizes.len() > 1 {
        let sizes: Vec<u32> =
            wanted.iter().map(|(first, last)| (last - first + 1) as u32).collect();
        Array::new_multi(array.value_type, values, sizes)
    } else {
        Array::new(array.value_type, values)
    };
    made.map(|it| Variant::Array(Box::new(it))).map_err(|_| StatusCode::BadIndexRangeNoData)
}

/// Places of a block in the flat list of a matrix, in its own order; the last dimension runs fastest.
fn positions(sizes: &[usize], block: &[Span]) -> Vec<usize> {
    let mut all = vec![0_usize];
    for (size, (first, last)) in sizes.iter().zip(block) {
        all = all
            .iter()
            .flat_map(|before| (*first..=*last).map(move |at| before * size + at))
            .collect();
    }
    all
}

/// A value with the part that a range names replaced. Outside is `BadIndexRangeNoData`, a part of another
/// size or type `BadIndexRangeDataMismatch` (Part 4, 5.11.4).
pub fn splice(
    value: &Variant,
    range: &NumericRange,
    part: &Variant,
) -> Result<Variant, StatusCode> {
    let spans = spans(range);
    match (value, spans.as_slice()) {
        (Variant::Array(array), _) => splice_array(array, &spans, part),
        (Variant::String(text), [span]) => {
            let Variant::String(part) = part else {
                return Err(StatusCode::BadIndexRangeDataMismatch);
            };
            let mut whole: Vec<char> = text.as_ref().chars().collect();
            let part: Vec<char> = part.as_ref().chars().collect();
            replace(&mut whole, *span, &part)?;
            Ok(UAString::from(whole.into_iter().collect::<String>()).into())
        }
        (Variant::ByteString(bytes), [span]) => {
            let Variant::ByteString(part) = part else {
                return Err(StatusCode::BadIndexRangeDataMismatch);
            };
            let mut whole = bytes.value.clone().unwrap_or_default();
            replace(&mut whole, *span, part.value.as_deref().unwrap_or_default())?;
            Ok(ByteString::from(whole).into())
        }
        _ => Err(StatusCode::BadIndexRangeNoData),
    }
}

fn replace<T: Clone>(whole: &mut [T], (first, last): Span, part: &[T]) -> Result<(), StatusCode> {
    let place = whole.get_mut(first..=last).ok_or(StatusCode::BadIndexRangeNoData)?;
    if place.len() != part.len() {
        return Err(StatusCode::BadIndexRangeDataMismatch);
    }
    place.clone_from_slice(part);
    Ok(())
}

fn splice_array(array: &Array, spans: &[Span], part: &Variant) -> Result<Variant, StatusCode> {
    let Variant::Array(part) = part else { return Err(StatusCode::BadIndexRangeDataMismatch) };
    let sizes = dimensions(array);
    let is_outside = spans.len() != sizes.len()
        || spans.iter().zip(&sizes).any(|((_, last), size)| last >= size);
    if is_outside {
        return Err(StatusCode::BadIndexRangeNoData);
    }
    let wanted: Vec<usize> = spans.iter().map(|(first, last)| last - first + 1).collect();
    let is_same_shape = dimensions(part) == wanted || (wanted.iter().product::<usize>() == 1);
    let places = positions(&sizes, spans);
    if part.value_type != array.value_type || !is_same_shape || part.values.len() != places.len() {
        return Err(StatusCode::BadIndexRangeDataMismatch);
    }
    let mut whole = array.clone();
    for (at, value) in places.into_iter().zip(&part.values) {
        if let Some(place) = whole.values.get_mut(at) {
            place.clone_from(value);
        }
    }
    Ok(Variant::Array(Box::new(whole)))
}

#[cfg(test)]
mod tests {
    use opcua_types::VariantScalarTypeId;

    use super::*;

    fn range(text: &str) -> NumericRange {
        text.parse().expect("a range")
    }

    fn matrix() -> Variant {
        let values: Vec<Variant> = (0..6).map(Variant::Int32).collect();
        let array = Array::new_multi(VariantScalarTypeId::Int32, values, vec![2_u32, 3]);
        Variant::Array(Box::new(array.expect("a matrix")))
    }

    #[test]
    fn rd_08_a_block_of_a_matrix_keeps_its_dimensions() {
        let Ok(Variant::Array(part)) = slice(&matrix(), &range("0:1,1:2")) else {
            panic!("no part")
        };
        assert_eq!(part.dimensions, Some(vec![2, 2]));
        assert_eq!(part.values, [1, 2, 4, 5].map(Variant::Int32));
        assert_eq!(slice(&matrix(), &range("0:1")), Err(StatusCode::BadIndexRangeNoData));
        assert_eq!(slice(&matrix(), &range("2,0")), Err(StatusCode::BadIndexRangeNoData));
    }

    /// Cutting a character in two must not end the server.
    #[test]
    fn rd_08_a_text_is_cut_between_characters() {
        let text = Variant::from("槽é1");
        assert_eq!(slice(&text, &range("0:1")), Ok(Variant::from("槽é")));
        assert_eq!(slice(&text, &range("1:9")), Ok(Variant::from("é1")));
        assert_eq!(slice(&text, &range("3")), Err(StatusCode::BadIndexRangeNoData));
        let texts = Variant::from(vec![UAString::from("槽1"), UAString::from("炉2")]);
        let second: Variant = vec![UAString::from("2")].into();
        assert_eq!(slice(&texts, &range("1,1")), Ok(second));
    }

    #[test]
    fn wr_09_a_part_goes_in_only_if_it_fits() {
        let part: Variant = vec![7_i32, 8].into();
        let array: Variant = vec![0_i32, 1, 2].into();
        let wanted: Variant = vec![0_i32, 7, 8].into();
        assert_eq!(splice(&array, &range("1:2"), &part), Ok(wanted));
        let outside = Err(StatusCode::BadIndexRangeNoData);
        let differs = Err(StatusCode::BadIndexRangeDataMismatch);
        assert_eq!(splice(&array, &range("2:3"), &part), outside);
        assert_eq!(splice(&array, &range("0:2"), &part), differs);
        assert_eq!(splice(&array, &range("0:1"), &vec![1_u32, 2].into()), differs);
        assert_eq!(splice(&Variant::from("abc"), &range("1:2"), &"槽é".into()), Ok("a槽é".into()));
        assert_eq!(splice(&Variant::from("abc"), &range("1:2"), &"x".into()), differs);
    }

    #[test]
    fn wr_09_a_block_goes_into_a_matrix() {
        let block = Array::new_multi(
            VariantScalarTypeId::Int32,
            vec![Variant::Int32(9), Variant::Int32(8)],
            vec![2_u32, 1],
        );
        let block = Variant::Array(Box::new(block.expect("a block")));
        let Ok(Variant::Array(done)) = splice(&matrix(), &range("0:1,1"), &block) else {
            panic!("refused")
        };
        assert_eq!(done.values, [0, 9, 2, 3, 8, 5].map(Variant::Int32));
    }
}
