use std::collections::BTreeMap;
use cellhouse::engine::Engine;
use cellhouse::alarm::Said;
fn main() {
    let file = std::env::args().nth(1).unwrap();
    let hours: f64 = std::env::args().nth(2).unwrap().parse().unwrap();
    
    let config = cellhouse::config::load_plant(std::path::Path::new(&file)).unwrap();
    let start = config.start;
    let mut engine = Engine::new(config, start);
    println!("{} alarms", engine.alarms().table().len());
    let mut counts: BTreeMap<(&str, String), (u32, u32)> = BTreeMap::new();
    let mut t_scan = 0.0; let n = (hours*3600.0) as u64;
    let begun = std::time::Instant::now();
    for i in 0..n {
        let snap = engine.scan().clone();
        for it in &snap.notices {
            let row = engine.alarms().table().row(engine.table(), it.alarm);
            let c = counts.entry((row.name, format!("{:?} {:?}", it.state.said, it.state.level))).or_default();
            c.0 += 1;
        }
        let _ = (i, t_scan);
        t_scan += 0.0;
    }
    println!("{:.1} s, {:.3} ms per scan", begun.elapsed().as_secs_f64(), begun.elapsed().as_secs_f64()*1e3/n as f64);
    for ((n, s), c) in counts { println!("{n:28} {s:40} {}", c.0); }
    println!("{:?}", engine.alarms().figures()[0]);
    let _ = Said::Nothing;
}
