/// Every measurement, in the order of a run.
enum Measurements {
    static let all: [any Measurement] = []
}
