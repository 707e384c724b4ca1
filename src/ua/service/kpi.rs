//! CalculateKpis: key figures of a device over any period, read away from the server's thread.

use opcua_types::{CallMethodRequest, CallMethodResult, StatusCode, Variant};
use tokio::task::JoinHandle;

use crate::kpi::{Depth, KpiReader, Period, Scope};
use crate::tag::{DeviceIndex, DeviceKind, KpiFigures};
use crate::time::Timestamp;
use crate::ua::history::status_of;
use crate::ua::server::Server;
use crate::ua::service::method::{answered, failed};
use crate::ua::space::NodeIdRef;

/// The longest period that is read in one call, s: a year and a day.
const PERIOD_MAX_S: f64 = 367.0 * 86_400.0;

/// What a key figure is called, and which it is.
type Output = (&'static str, fn(&KpiFigures) -> f64);

/// Output arguments in order, as the NodeSet has them.
pub(super) const OUTPUTS: [Output; 18] = [
    ("Coverage", |it| it.coverage_pct),
    ("Metal", |it| it.metal_kg),
    ("MetalTapped", |it| it.tapped_kg),
    ("CurrentEfficiency", |it| it.efficiency_pct),
    ("SpecificEnergyDc", |it| it.dc_kwh_kg),
    ("SpecificEnergyAc", |it| it.ac_kwh_kg),
    ("OxideFed", |it| it.oxide_kg),
    ("OxidePerMetal", |it| it.oxide_kg_kg),
    ("OxideYield", |it| it.oxide_yield_pct),
    ("GraphitePerMetal", |it| it.graphite_kg_kg),
    ("FluoridePerMetal", |it| it.fluoride_kg_kg),
    ("AnodeEffects", |it| it.anode_effects),
    ("AnodeEffectTime", |it| it.anode_effect_min),
    ("AnodeEffectsPerCellDay", |it| it.anode_effects_per_day),
    ("AnodeEffectTimePerCellDay", |it| it.anode_effect_min_per_day),
    ("Availability", |it| it.availability_pct),
    ("FeedDeviation", |it| it.feed_deviation_pct),
    ("BathNearSetpoint", |it| it.bath_near_pct),
];

/// The device whose key figures a call asks for; such a call changes nothing.
pub(super) fn device_of(server: &Server, call: &CallMethodRequest) -> Option<DeviceIndex> {
    let object = server.space.resolve(&NodeIdRef::from(&call.object_id))?;
    let method = server.space.resolve(&NodeIdRef::from(&call.method_id))?;
    server.space.kpis_of(object, method)
}

/// A call of CalculateKpis: its answer comes from a thread that may wait for a disk.
pub(super) fn call(
    server: &Server,
    call: &CallMethodRequest,
) -> Option<Result<JoinHandle<CallMethodResult>, CallMethodResult>> {
    let device = device_of(server, call)?;
    Some(prepare(server, device, call).map(|(kpis, scope, period)| {
        let call = call.clone();
        tokio::task::spawn_blocking(move || calculate(&kpis, scope, period, &call))
    }))
}

fn prepare(
    server: &Server,
    device: DeviceIndex,
    call: &CallMethodRequest,
) -> Result<(KpiReader, Scope, Period), CallMethodResult> {
    let period = period(call.input_arguments.as_deref().unwrap_or_default())?;
    let unsupported = || failed(StatusCode::BadHistoryOperationUnsupported);
    let kpis = server.kpis.clone().ok_or_else(unsupported)?;
    let device = server.space.table().device(device);
    let scope = match device.kind {
        DeviceKind::Line => Scope::Line(device.index),
        DeviceKind::Electrolyzer => Scope::Electrolyzer(device.index),
        _ => Scope::Plant,
    };
    Ok((kpis, scope, period))
}

/// From the first argument to the second, neither of which may be missing.
fn period(given: &[Variant]) -> Result<Period, CallMethodResult> {
    let [start, end] = given else {
        let is_short = given.len() < 2;
        let (few, many) = (StatusCode::BadArgumentsMissing, StatusCode::BadTooManyArguments);
        return Err(failed(if is_short { few } else { many }));
    };
    let time = |value: &Variant| match value {
        Variant::DateTime(it) if it.ticks() > 0 => Ok(Timestamp::from_ticks(it.ticks())),
        Variant::DateTime(_) => Err(StatusCode::BadOutOfRange),
        _ => Err(StatusCode::BadTypeMismatch),
    };
    let (start, mut end) = (time(start), time(end));
    if let (Ok(from), Ok(to)) = (start, end) {
        let length_s = to.seconds_since(from);
        if length_s > 0.0 && length_s <= PERIOD_MAX_S {
            return Ok(Period { from, to });
        }
        end = Err(StatusCode::BadOutOfRange);
    }
    let code = |it: Result<Timestamp, StatusCode>| it.err().unwrap_or(StatusCode::Good);
    Err(CallMethodResult {
        input_argument_results: Some(vec![code(start), code(end)]),
        ..failed(StatusCode::BadInvalidArgument)
    })
}

fn calculate(
    kpis: &KpiReader,
    scope: Scope,
    period: Period,
    call: &CallMethodRequest,
) -> CallMethodResult {
    match kpis.sums(scope, period, Depth::Seconds) {
        Ok(sums) if sums.recorded_s > 0.0 => {
            let figures = sums.figures();
            answered(call, OUTPUTS.iter().map(|(_, of)| of(&figures).into()).collect())
        }
        Ok(_) => failed(StatusCode::BadNoData),
        Err(problem) => {
            tracing::warn!(%problem, "key figures cannot be read");
            failed(status_of(&problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // start-up compares no arguments: the NodeSet is what clients read the outputs by.
    #[test]
    fn kpi_outputs_are_those_of_the_nodeset() {
        let nodeset = include_str!("../../../nodeset/cellhouse.xml");
        let methods: Vec<&str> = nodeset.split("BrowseName=\"1:CalculateKpis\"").skip(1).collect();
        assert_eq!(methods.len(), 3);
        for method in methods {
            let outputs = method.split("BrowseName=\"OutputArguments\"").nth(1).unwrap();
            let outputs = outputs.split("</UAVariable>").next().unwrap();
            let names = outputs.split("<uax:Name>").skip(1);
            let names: Vec<&str> = names.map(|it| it.split('<').next().unwrap()).collect();
            assert_eq!(names, OUTPUTS.map(|it| it.0));
        }
    }
}
