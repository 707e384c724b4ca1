#![no_main]

libfuzzer_sys::fuzz_target!(
    init: cellhouse_fuzz::nodeset::run(&[]),
    |data: &[u8]| cellhouse_fuzz::nodeset::run(data)
);
