//! The aggregate functions that are supported (Part 13, 5.4.3).

use opcua_types::ObjectId;

/// What is calculated (Part 13, 5.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Mean of the good samples.
    Average,
    /// Mean over time, with straight lines between samples.
    TimeAverage,
    /// Integral over time, unit times seconds.
    Total,
    /// Smallest good sample, at the start of the interval.
    Minimum,
    /// Largest good sample, at the start of the interval.
    Maximum,
    /// Smallest good sample, at its own time.
    MinimumActualTime,
    /// Largest good sample, at its own time.
    MaximumActualTime,
    /// Largest less smallest.
    Range,
    /// Number of good samples.
    Count,
    /// Number of changes between good samples.
    NumberOfTransitions,
    /// First sample, at its own time.
    Start,
    /// Last sample, at its own time.
    End,
    /// Last less first good sample.
    Delta,
    /// Time with good quality, ms.
    DurationGood,
    /// Time with bad quality, ms.
    DurationBad,
    /// Part of the time with good quality, percent.
    PercentGood,
    /// Part of the time with bad quality, percent.
    PercentBad,
    /// Standard deviation of the good samples as a sample.
    StandardDeviationSample,
    /// Standard deviation of the good samples as the whole.
    StandardDeviationPopulation,
    /// Variance of the good samples as a sample.
    VarianceSample,
    /// Variance of the good samples as the whole.
    VariancePopulation,
}

impl Function {
    /// Every function that is supported and its object in namespace 0.
    pub const ALL: [(ObjectId, Self); 21] = [
        (ObjectId::AggregateFunction_Average, Self::Average),
        (ObjectId::AggregateFunction_TimeAverage, Self::TimeAverage),
        (ObjectId::AggregateFunction_Total, Self::Total),
        (ObjectId::AggregateFunction_Minimum, Self::Minimum),
        (ObjectId::AggregateFunction_Maximum, Self::Maximum),
        (ObjectId::AggregateFunction_MinimumActualTime, Self::MinimumActualTime),
        (ObjectId::AggregateFunction_MaximumActualTime, Self::MaximumActualTime),
        (ObjectId::AggregateFunction_Range, Self::Range),
        (ObjectId::AggregateFunction_Count, Self::Count),
        (ObjectId::AggregateFunction_NumberOfTransitions, Self::NumberOfTransitions),
        (ObjectId::AggregateFunction_Start, Self::Start),
        (ObjectId::AggregateFunction_End, Self::End),
        (ObjectId::AggregateFunction_Delta, Self::Delta),
        (ObjectId::AggregateFunction_DurationGood, Self::DurationGood),
        (ObjectId::AggregateFunction_DurationBad, Self::DurationBad),
        (ObjectId::AggregateFunction_PercentGood, Self::PercentGood),
        (ObjectId::AggregateFunction_PercentBad, Self::PercentBad),
        (ObjectId::AggregateFunction_StandardDeviationSample, Self::StandardDeviationSample),
        (
            ObjectId::AggregateFunction_StandardDeviationPopulation,
            Self::StandardDeviationPopulation,
        ),
        (ObjectId::AggregateFunction_VarianceSample, Self::VarianceSample),
        (ObjectId::AggregateFunction_VariancePopulation, Self::VariancePopulation),
    ];

    /// The function whose object has this number in namespace 0.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().find(|(id, _)| *id as u32 == number).map(|(_, function)| *function)
    }
}
