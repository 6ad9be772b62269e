import Testing

@testable import cofferd

@Suite struct SupportConnectionTests {
    private let limits = ConnectionProgress.Limits(bodyRead: 100, writeStall: 300, linger: 20)

    @Test func aBodyThatDoesNotArriveFailsAtItsTime() {
        var progress = ConnectionProgress(limits)
        #expect(progress.requestBegan(at: 1_000) == .wake(at: 1_100))
        #expect(progress.timeReached(1_099, sentBytes: 0) == .wake(at: 1_100))
        #expect(progress.timeReached(1_100, sentBytes: 0) == .failBody(wakeAt: nil))
        #expect(progress.timeReached(1_200, sentBytes: 0) == .nothing)
    }

    @Test func oneTimerStandsForAllRequestsOfAConnection() {
        var progress = ConnectionProgress(limits)
        #expect(progress.requestBegan(at: 0) == .wake(at: 100))
        progress.requestEnded()
        #expect(progress.answerEnded() == .nothing)
        // The timer of the first request is still to go off; the second needs none of its own before that.
        #expect(progress.requestBegan(at: 60) == .nothing)
        #expect(progress.timeReached(100, sentBytes: 0) == .wake(at: 160))
        progress.requestEnded()
        #expect(progress.timeReached(160, sentBytes: 0) == .nothing)
    }

    @Test func aClientThatDoesNotReadIsGivenUp() {
        var progress = ConnectionProgress(limits)
        #expect(progress.writabilityChanged(isWritable: false, sentBytes: 100_000, at: 10) == .wake(at: 310))
        #expect(progress.timeReached(310, sentBytes: 100_000 + ConnectionProgress.minimumWriteBytes - 1) == .close)
    }

    @Test func aClientThatReadsALongAnswerIsNot() {
        var progress = ConnectionProgress(limits)
        #expect(progress.writabilityChanged(isWritable: false, sentBytes: 100_000, at: 10) == .wake(at: 310))
        let next = 100_000 + ConnectionProgress.minimumWriteBytes
        #expect(progress.timeReached(310, sentBytes: next) == .wake(at: 610))
        #expect(progress.timeReached(610, sentBytes: next) == .close)
    }

    @Test func aClientThatHasReadIsLeftAlone() {
        var progress = ConnectionProgress(limits)
        #expect(progress.writabilityChanged(isWritable: false, sentBytes: 100_000, at: 10) == .wake(at: 310))
        #expect(progress.writabilityChanged(isWritable: true, sentBytes: 0, at: 200) == .nothing)
        #expect(progress.timeReached(310, sentBytes: 0) == .nothing)
    }

    @Test func anAnswerThatClosesTheConnectionLeavesTimeToReadIt() {
        var progress = ConnectionProgress(limits)
        #expect(progress.requestBegan(at: 0) == .wake(at: 100))
        progress.answerBegan(closesConnection: true)
        #expect(progress.answerEnded() == .finishAnswer)
        // Earlier than what is waited for, so the driver has to wake earlier.
        #expect(progress.answerSent(at: 30) == .wake(at: 50))
        #expect(progress.timeReached(50, sentBytes: 0) == .close)
    }

    @Test func anAnswerThatDoesNotLeavesTheConnectionAlone() {
        var progress = ConnectionProgress(limits)
        _ = progress.requestBegan(at: 0)
        progress.answerBegan(closesConnection: false)
        #expect(progress.answerEnded() == .nothing)
    }

    @Test func ofSeveralTimesTheEarliestIsWaitedForAndNoneIsForgotten() {
        var progress = ConnectionProgress(limits)
        #expect(progress.requestBegan(at: 0) == .wake(at: 100))
        #expect(progress.writabilityChanged(isWritable: false, sentBytes: 100, at: 50) == .nothing)
        #expect(progress.timeReached(100, sentBytes: 0) == .failBody(wakeAt: 350))
        #expect(progress.timeReached(350, sentBytes: 100) == .close)
    }

    @Test func aClientIsOnlyInvitedWhenNothingElseIsUnderWay() {
        var progress = ConnectionProgress(limits)
        _ = progress.requestBegan(at: 0)
        #expect(progress.isOnlyRequest)
        _ = progress.requestBegan(at: 0)
        #expect(!progress.isOnlyRequest)
        _ = progress.answerEnded()
        #expect(progress.isOnlyRequest)
        _ = progress.answerEnded()
        // An answer to what was no request, as after a head that cannot be parsed.
        _ = progress.answerEnded()
        _ = progress.requestBegan(at: 0)
        #expect(progress.isOnlyRequest)
    }
}
