import Support
import Testing

@Suite("Model: the source of pseudo-random numbers")
struct ModelRandomTests {
    @Test("the published first numbers of seed 1234567, and every value below a limit")
    func numbers() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ])
        for limit in [1, 2, 3, 7, 100] {
            let drawn = Set((0..<2_000).map { _ in random.below(limit) })
            #expect(drawn == Set(0..<limit))
        }
    }
}
