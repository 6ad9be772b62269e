import ArgumentParser
import Cryptography
import Foundation
import Ledger
import Verifier

/// Where a report is to be written, if one was asked for.
struct ReportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also write a report for people: this page, and the same figures as JSON and CSV beside it.", valueName: "file.html"))
    var report: String?

    @Flag(help: "Let the report replace one that is there.")
    var force = false

    func validate() throws {
        guard report != nil || !force else { throw ValidationError("--force is for --report: give both.") }
        guard let report else { return }
        guard report.hasSuffix(ReportFiles.pageEnding), !report.hasSuffix("/\(ReportFiles.pageEnding)"), report != ReportFiles.pageEnding
        else { throw ValidationError("--report needs a name that ends in .html, such as audit.html.") }
    }

    /// The files to be written; nil when no report was asked for. Throws where one could not be, before any time is spent on the check.
    func files(json: Bool) throws(Verdict) -> ReportFiles? {
        guard let report else { return nil }
        let files = ReportFiles(page: report, isReplacing: force)
        do {
            try files.checkPaths()
        } catch {
            throw .unreadable(code: "reportRefused", "The report was not begun. \(error)", json: json)
        }
        return files
    }
}

/// The files of a report (`docs/spec/report.md` section 1).
struct ReportFiles {
    static let pageEnding = ".html"

    let page: String
    let isReplacing: Bool
    /// The page's path without its ending: what the other paths begin with.
    private var stem: String { String(page.dropLast(Self.pageEnding.count)) }

    init(page: String, isReplacing: Bool) {
        self.page = page
        self.isReplacing = isReplacing
    }

    private func path(of table: ReportTable) -> String { "\(stem)-\(table.name).csv" }
    private var jsonPath: String { "\(stem).json" }

    /// Throws where there is something already that may not be replaced, or no directory.
    func checkPaths() throws(ReportRefusal) {
        for path in ReportTable.names.map({ "\(stem)-\($0).csv" }) + [jsonPath, page] {
            switch PrivateFile.presence(at: path) {
            case .nothing: break
            case .regularFile:
                guard isReplacing else {
                    throw ReportRefusal(
                        description: "\(path) already exists and was left as it is. Choose another name, or give --force to replace it.")
                }
            case .other:
                throw ReportRefusal(
                    description:
                        "\(path) is a link, a directory or a device, or cannot be looked at, and was left as it is. Choose another name.")
            }
        }
        let directory = URL(filePath: page).deletingLastPathComponent().path(percentEncoded: false)
        // Only a directory has this name in it.
        guard FileManager.default.isWritableFile(atPath: "\(directory)/.") else {
            throw ReportRefusal(description: "\(directory) is no directory that can be written to. Make it first, or choose another.")
        }
    }

    /// Writes the page last: who sees it sees the rest.
    func write(_ report: Report) throws(PrivateFileError) {
        var files = ReportTable.all(of: report).map { (path: path(of: $0), bytes: Array($0.csv.utf8)) }
        files.append((jsonPath, report.json.bytes(.pretty) + [UInt8(ascii: "\n")]))
        files.append((page, Array(ReportPage(report, fileName: fileName).markup.html.utf8)))
        try PrivateFile.create(files, replacing: isReplacing)
    }

    /// The page's name without its directory and ending, for naming the files beside it.
    private var fileName: String { URL(filePath: stem).lastPathComponent }
}

/// Why a report cannot be written where it was asked for.
struct ReportRefusal: Error, CustomStringConvertible {
    let description: String
}
