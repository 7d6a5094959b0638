// What an importer writes through: batches to the sink, counts, warnings, and which entities a source still has.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <map>
#include <string>
#include <vector>

#include "space/source_statements.hpp"
#include "space/space.hpp"
#include "space/vocabulary.hpp"

namespace cityloom::space {

/// One import over one or several files. One worker.
class ImportBatch {
 public:
  ImportBatch(ImportSink& sink, const Vocabulary& vocabulary, const ImportOptions& options)
      : sink_(sink), vocabulary_(vocabulary), options_(options) {}

  /// Begins a file: what is added from now on is of this source. Looks up what the source said before. Errors: those
  /// of the sink.
  base::Status begin_file(std::string file, std::string source);

  /// Takes a change; writes a batch when it is full. An entity that this file gave before is left out; one that an
  /// earlier file of this import gave as well, with a warning: else each import would change it twice. What the source
  /// said of this entity before (attributes whose `providedBy` names it) and the change does not say ends with it:
  /// importers state what their file says and need to delete nothing. Errors: those of the sink, cancelled.
  base::Status add(thread::Change change);

  /// The term of a name in NGSI-LD's default vocabulary ("pipeMaterial"): how a format names types and attributes that
  /// `vocabulary` does not have. If it cannot be interned, the next `add` fails.
  twin::Term term(std::string_view name);
  /// The term of a unit code ("MTR") or a dataset's id, as it is.
  twin::Term unit(std::string_view code);

  /// Keeps bytes that a change will name by what this returns: their SHA-256 as text. Durable when it returns.
  /// Errors: too_large (past thread::asset_bytes_max), unavailable, cancelled.
  base::Result<std::string> put_asset(std::string_view bytes);

  /// Writes what waits, then removes the entities of this source that the file no longer gave; none if it gave nothing
  /// but warnings.
  base::Status end_file();

  /// Forgets the file (after an error): what waits, and that it gave or claimed anything.
  void drop_file();

  /// Notes what could not be taken; past `warnings_max` only counts.
  void warn(std::string object, std::string reason);

  /// Whether no earlier file of this import gave this object ("way/123"); from now on it is this file's.
  bool claim(std::string_view object);

  /// Tells the options' progress function, of the current file.
  void show_progress(uint64_t bytes_done, uint64_t bytes_total) const;
  /// Whether the caller asked to stop.
  bool is_cancelled() const { return options_.stop.stop_requested(); }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  twin::TermTable& terms() { return sink_.terms(); }
  const ImportOptions& options() const { return options_; }
  const std::string& source() const { return source_; }
  const std::string& file() const { return file_; }
  ImportReport& report() { return report_; }
  /// With the counts by type filled in.
  ImportReport finish();

 private:
  twin::Term interned(std::string_view name, std::string iri);
  void drop_waiting();
  base::Status flush();
  base::Status remove_gone();

  ImportSink& sink_;
  const Vocabulary& vocabulary_;
  const ImportOptions& options_;
  std::string file_;
  std::string source_;
  std::vector<thread::Change> waiting_;
  size_t waiting_positions_ = 0;
  uint64_t handed_over_ = 0;
  uint64_t warnings_before_ = 0;  // this file
  SourceStatements before_;       // of this source, when the file began
  std::map<std::string, twin::Term, std::less<>> terms_;
  absl::flat_hash_set<uint64_t> given_;         // hashes of entity ids of this file
  absl::flat_hash_set<uint64_t> given_before_;  // and of earlier ones
  absl::flat_hash_set<uint64_t> claimed_;       // hashes of objects of earlier files
  absl::flat_hash_set<uint64_t> claimed_here_;  // and of this one
  std::map<std::string, uint64_t> counts_;
  base::Status terms_interned_;
  ImportReport report_;
};

/// "imported 12 and removed 3 entities until then": for the text of an error.
std::string progress_text(const ImportReport& report);

}  // namespace cityloom::space
