/// Every measurement, in the order of a run.
enum Measurements {
    static let all: [any Measurement] = [
        LimitMeasurement(),
        BlockMeasurement(),
        ReplayMeasurement(),
        // Before bulk, whose transactions are of another size.
        GrowthMeasurement(),
        BulkMeasurement(),
        BreakdownMeasurement(),
        IngestMeasurement.batch,
        IngestMeasurement.single,
        IngestMeasurement.latency,
        IngestMeasurement.saturation,
        CustodyMeasurement(),
        SoakMeasurement(),
        SweepMeasurement(),
        ScaleMeasurement(),
        LimitAtEndMeasurement(),
    ]

    static func named(_ name: String) -> (any Measurement)? { all.first { $0.name == name } }
}
