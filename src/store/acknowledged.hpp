// What a record on disk must at least hold: a small note, beside RocksDB's files, of the last acknowledged write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace cityloom::store {

/// A torn end of RocksDB's log and damage in its middle look alike: reading stops there. The note tells them apart. It
/// is written after a sync has come back, and is not synced itself: it survives the end of the process, and after a
/// power loss it may be old, but it never promises more than what is durable. One worker at a time.
class AcknowledgedNote {
 public:
  explicit AcknowledgedNote(std::string folder) : folder_(std::move(folder)) {}
  AcknowledgedNote(const AcknowledgedNote&) = delete;
  AcknowledgedNote& operator=(const AcknowledgedNote&) = delete;
  ~AcknowledgedNote();

  /// The note that lies in the folder; nothing if there is none, or one of another record (a backup put in the place
  /// of the record, say), or one that was torn.
  std::optional<uint64_t> read() const;

  /// Puts the log's files aside, so that they can be looked at if opening takes them for damaged. Costs a link each.
  void keep_logs() const;
  /// Opening found everything: lets go of what was put aside.
  void release_logs() const;
  /// What to say of a record that was opened and holds less than the note promises.
  base::Error missing(uint64_t noted, uint64_t found) const;

  /// Notes that all writes up to this one are acknowledged. A failure is no failure: the older note stays true.
  /// Cost: some microseconds.
  void set(uint64_t sequence);
  /// Likewise, and syncs it.
  void set_and_sync(uint64_t sequence);

  static constexpr const char* file_name = "ACKNOWLEDGED";
  static constexpr const char* kept_name = "damaged-log";

 private:
  std::string path() const { return folder_ + "/" + file_name; }
  std::string identity() const;

  const std::string folder_;
  int file_ = -1;
  uint64_t record_ = 0;  // a hash of the record's identity
};

}  // namespace cityloom::store
