//! Variables of the Server object whose values the server knows only at the moment.

/// Whether the variable with this number in namespace 0 is one of them. Sorted by number.
pub(super) fn is_live(number: u32) -> bool {
    LIVE.binary_search(&number).is_ok()
}

const LIVE: &[u32] = &[
    2254, 2255, 2256, 2257, 2258, 2259, 2260, 2261, 2262, 2263, 2264, 2265, 2266, 2267, 2269, 2271,
    2272, 2275, 2276, 2277, 2278, 2279, 2281, 2282, 2284, 2285, 2286, 2287, 2288, 2290, 2294, 2735,
    2736, 2737, 2992, 2993, 2994, 3704, 3705, 3707, 3708, 11193, 11196, 11197, 11198, 11199, 11200,
    11242, 11273, 11274, 11275, 11281, 11282, 11283, 11502, 11702, 11703, 11705, 11707, 11709,
    11710, 11711, 11712, 11714, 12165, 12166, 12167, 12168, 12885, 12911, 19091, 24095, 24096,
    24097, 24098, 24099, 24100, 24101, 24104, 24291, 24301, 24302, 24303, 31916,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_as_its_search_needs() {
        assert!(LIVE.is_sorted());
    }
}
