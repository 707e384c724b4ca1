//! The aggregate functions (Part 13, 5.4.3).

use opcua_types::ObjectId;

/// What is calculated (Part 13, 5.4.3). docs/aggregates.md tells of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Interpolated value at the start of the interval.
    Interpolative,
    /// Mean of the good samples.
    Average,
    /// Mean over time, with straight lines between samples, over bad ones too.
    TimeAverage,
    /// Mean over the time that is not bad.
    TimeAverage2,
    /// Integral over time as in TimeAverage, unit times seconds.
    Total,
    /// Integral over time as in TimeAverage2, unit times seconds.
    Total2,
    /// Smallest good sample, at the start of the interval.
    Minimum,
    /// Largest good sample, at the start of the interval.
    Maximum,
    /// Smallest good sample, at its own time.
    MinimumActualTime,
    /// Largest good sample, at its own time.
    MaximumActualTime,
    /// Largest less smallest good sample.
    Range,
    /// Smallest value with bounds, at the start of the interval.
    Minimum2,
    /// Largest value with bounds, at the start of the interval.
    Maximum2,
    /// Smallest value with bounds, at its own time.
    MinimumActualTime2,
    /// Largest value with bounds, at its own time.
    MaximumActualTime2,
    /// Largest less smallest value with bounds.
    Range2,
    /// Number of annotations.
    AnnotationCount,
    /// Number of good samples.
    Count,
    /// Time at zero, ms.
    DurationInStateZero,
    /// Time at anything but zero, ms.
    DurationInStateNonZero,
    /// Number of changes between samples that are not bad.
    NumberOfTransitions,
    /// Earliest sample, at its own time.
    Start,
    /// Latest sample, at its own time.
    End,
    /// Latest less earliest good sample.
    Delta,
    /// Value at the start of the interval.
    StartBound,
    /// Value at the end of the interval.
    EndBound,
    /// EndBound less StartBound.
    DeltaBounds,
    /// Time with good quality, ms.
    DurationGood,
    /// Time with bad quality, ms.
    DurationBad,
    /// Part of the time with good quality, percent.
    PercentGood,
    /// Part of the time with bad quality, percent.
    PercentBad,
    /// Worst status of the samples.
    WorstQuality,
    /// Worst status of the samples and of the value at the start.
    WorstQuality2,
    /// Standard deviation of the good samples as a sample.
    StandardDeviationSample,
    /// Standard deviation of the good samples as the whole.
    StandardDeviationPopulation,
    /// Variance of the good samples as a sample.
    VarianceSample,
    /// Variance of the good samples as the whole.
    VariancePopulation,
}

/// How the values at the ends of an interval are found (Part 13, 3.1.8 and 3.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bounds {
    /// They do not count.
    None,
    /// From the nearest samples that are not bad.
    Interpolated,
    /// From the nearest samples.
    Simple,
}

/// What has to be kept of the samples of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// How many there are of each class.
    Count,
    /// Their sum.
    Sum,
    /// Their mean and how far they are from it.
    Spread,
    /// The smallest and the largest good one.
    Extremes,
    /// The smallest and the largest that is not bad, and the time between them all.
    ExtremesOverTime,
    /// The first and the last.
    Ends,
    /// Changes.
    Transitions,
    /// The worst status.
    Worst,
    /// The time between them.
    Time,
}

impl Function {
    /// Every function and its object in namespace 0.
    #[rustfmt::skip]
    pub const ALL: [(ObjectId, Self); 37] = [
        (ObjectId::AggregateFunction_Interpolative, Self::Interpolative),
        (ObjectId::AggregateFunction_Average, Self::Average),
        (ObjectId::AggregateFunction_TimeAverage, Self::TimeAverage),
        (ObjectId::AggregateFunction_TimeAverage2, Self::TimeAverage2),
        (ObjectId::AggregateFunction_Total, Self::Total),
        (ObjectId::AggregateFunction_Total2, Self::Total2),
        (ObjectId::AggregateFunction_Minimum, Self::Minimum),
        (ObjectId::AggregateFunction_Maximum, Self::Maximum),
        (ObjectId::AggregateFunction_MinimumActualTime, Self::MinimumActualTime),
        (ObjectId::AggregateFunction_MaximumActualTime, Self::MaximumActualTime),
        (ObjectId::AggregateFunction_Range, Self::Range),
        (ObjectId::AggregateFunction_Minimum2, Self::Minimum2),
        (ObjectId::AggregateFunction_Maximum2, Self::Maximum2),
        (ObjectId::AggregateFunction_MinimumActualTime2, Self::MinimumActualTime2),
        (ObjectId::AggregateFunction_MaximumActualTime2, Self::MaximumActualTime2),
        (ObjectId::AggregateFunction_Range2, Self::Range2),
        (ObjectId::AggregateFunction_AnnotationCount, Self::AnnotationCount),
        (ObjectId::AggregateFunction_Count, Self::Count),
        (ObjectId::AggregateFunction_DurationInStateZero, Self::DurationInStateZero),
        (ObjectId::AggregateFunction_DurationInStateNonZero, Self::DurationInStateNonZero),
        (ObjectId::AggregateFunction_NumberOfTransitions, Self::NumberOfTransitions),
        (ObjectId::AggregateFunction_Start, Self::Start),
        (ObjectId::AggregateFunction_End, Self::End),
        (ObjectId::AggregateFunction_Delta, Self::Delta),
        (ObjectId::AggregateFunction_StartBound, Self::StartBound),
        (ObjectId::AggregateFunction_EndBound, Self::EndBound),
        (ObjectId::AggregateFunction_DeltaBounds, Self::DeltaBounds),
        (ObjectId::AggregateFunction_DurationGood, Self::DurationGood),
        (ObjectId::AggregateFunction_DurationBad, Self::DurationBad),
        (ObjectId::AggregateFunction_PercentGood, Self::PercentGood),
        (ObjectId::AggregateFunction_PercentBad, Self::PercentBad),
        (ObjectId::AggregateFunction_WorstQuality, Self::WorstQuality),
        (ObjectId::AggregateFunction_WorstQuality2, Self::WorstQuality2),
        (ObjectId::AggregateFunction_StandardDeviationSample, Self::StandardDeviationSample),
        (ObjectId::AggregateFunction_StandardDeviationPopulation, Self::StandardDeviationPopulation),
        (ObjectId::AggregateFunction_VarianceSample, Self::VarianceSample),
        (ObjectId::AggregateFunction_VariancePopulation, Self::VariancePopulation),
    ];

    /// The function whose object has this number in namespace 0.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().find(|(id, _)| *id as u32 == number).map(|(_, function)| *function)
    }

    /// Whether it can follow current values too; annotations are made of history alone (Part 13, A.18).
    pub fn is_of_current_values(self) -> bool {
        self != Self::AnnotationCount
    }

    /// Whether it measures time itself.
    pub(super) fn is_duration(self) -> bool {
        use Function as F;
        matches!(
            self,
            F::DurationGood
                | F::DurationBad
                | F::PercentGood
                | F::PercentBad
                | F::DurationInStateZero
                | F::DurationInStateNonZero
        )
    }

    /// The bounds that it uses: "Use Bounds" of its summary table.
    pub(super) fn bounds(self) -> Bounds {
        use Function as F;
        match self {
            F::Interpolative | F::TimeAverage | F::Total => Bounds::Interpolated,
            F::TimeAverage2
            | F::Total2
            | F::Minimum2
            | F::Maximum2
            | F::MinimumActualTime2
            | F::MaximumActualTime2
            | F::Range2
            | F::DurationInStateZero
            | F::DurationInStateNonZero
            | F::StartBound
            | F::EndBound
            | F::DeltaBounds
            | F::DurationGood
            | F::DurationBad
            | F::PercentGood
            | F::PercentBad
            | F::WorstQuality2 => Bounds::Simple,
            _ => Bounds::None,
        }
    }

    /// What it keeps of the samples.
    pub(super) fn measure(self) -> Measure {
        use Function as F;
        match self {
            F::Average => Measure::Sum,
            F::StandardDeviationSample
            | F::StandardDeviationPopulation
            | F::VarianceSample
            | F::VariancePopulation => Measure::Spread,
            F::Minimum | F::Maximum | F::MinimumActualTime | F::MaximumActualTime | F::Range => {
                Measure::Extremes
            }
            F::Minimum2
            | F::Maximum2
            | F::MinimumActualTime2
            | F::MaximumActualTime2
            | F::Range2 => Measure::ExtremesOverTime,
            F::Start | F::End | F::Delta => Measure::Ends,
            F::NumberOfTransitions => Measure::Transitions,
            F::WorstQuality | F::WorstQuality2 => Measure::Worst,
            F::TimeAverage
            | F::TimeAverage2
            | F::Total
            | F::Total2
            | F::DurationInStateZero
            | F::DurationInStateNonZero
            | F::DurationGood
            | F::DurationBad
            | F::PercentGood
            | F::PercentBad => Measure::Time,
            F::Interpolative
            | F::AnnotationCount
            | F::Count
            | F::StartBound
            | F::EndBound
            | F::DeltaBounds => Measure::Count,
        }
    }
}
