import Glibc
import Synchronization

/// The thread that folds what was committed into the derived state, while the process lives.
final class FoldThread: Sendable {
    private let thread: pthread_t
    private let core: StoreCore

    init(_ core: StoreCore) throws(StoreError) {
        self.core = core
        var started = pthread_t()
        let argument = unsafe Unmanaged.passRetained(core)
        let code = unsafe pthread_create(&started, nil, { unsafe runFolds($0) }, argument.toOpaque())
        guard code == 0 else {
            unsafe argument.release()
            throw StoreError(code: code, during: .startThread, directory: core.state.path)
        }
        thread = started
    }

    /// Lets the thread fold what there is, and waits for its end. Called once.
    func stop() {
        core.isStopping.store(true, ordering: .releasing)
        core.work.signal()
        let code = pthread_join(thread, nil)
        precondition(code == 0, "the folding thread could not be waited for: \(code)")
    }
}

private func runFolds(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { preconditionFailure("the thread was started with a store") }
    let core = unsafe Unmanaged<StoreCore>.fromOpaque(argument).takeRetainedValue()
    nameThread("fold")
    core.foldUntilStopped()
    return nil
}

/// Names the calling thread for those who look at threads. Nothing depends on it, so it may fail.
private func nameThread(_ name: String) {
    let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = unsafe write(file, name, name.utf8.count)
    _ = close(file)
}

extension StoreCore {
    /// The thread's work.
    fileprivate func foldUntilStopped() {
        while true {
            let hasProblem = foldProblem.withLock { $0 != nil }
            if hasProblem {
                _ = work.wait(untilNanoseconds: Signal.now(plusMilliseconds: configuration.foldRetryMilliseconds))
            } else {
                work.wait()
            }
            let isLast = isStopping.load(ordering: .acquiring)
            let (isDue, isUnfinished) = recent.withLock { (foldIsDue($0.current), $0.folding != nil) }
            if isDue || isUnfinished || isLast { foldNotingProblems(all: isLast) }
            // What was not folded for want of room is in the log; the next start finds it there.
            if isLast { return }
        }
    }

    private func foldNotingProblems(all: Bool) {
        do throws(StoreError) {
            try fold(all: all)
            foldProblem.withLock { $0 = nil }
        } catch {
            foldProblem.withLock { $0 = error }
        }
    }
}
