// The note of the last acknowledged write: its sequence number in RocksDB, and a checksum over it and the record's
// identity.
#include "store/acknowledged.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace cityloom::store {
namespace {

namespace fs = std::filesystem;

using Note = std::array<uint64_t, 2>;

Note note_of(uint64_t sequence, uint64_t record) {
  const Note checked{sequence, record};
  return {sequence, XXH3_64bits(checked.data(), sizeof(checked))};
}

uint64_t hash_of(const std::string& identity) {
  return XXH3_64bits(identity.data(), identity.size());
}

}  // namespace

AcknowledgedNote::~AcknowledgedNote() {
  if (file_ >= 0) close(file_);
}

std::string AcknowledgedNote::identity() const {
  std::ifstream file(folder_ + "/IDENTITY");
  std::string text;
  std::getline(file, text);
  return text;
}

std::optional<uint64_t> AcknowledgedNote::read() const {
  std::ifstream file(path(), std::ios::binary);
  Note note{};
  if (!file.read(reinterpret_cast<char*>(note.data()), sizeof(note))) return {};
  if (note != note_of(note[0], hash_of(identity()))) return {};
  return note[0];
}

void AcknowledgedNote::keep_logs() const {
  std::error_code ignored;
  const fs::path kept = fs::path(folder_) / kept_name;
  // What a start that was refused has kept is the log as it was; today's is what was left of it.
  if (fs::exists(kept, ignored)) return;
  fs::create_directory(kept, ignored);
  for (fs::directory_iterator entry(folder_, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    std::error_code failed;
    if (entry->path().extension() == ".log")
      fs::create_hard_link(entry->path(), kept / entry->path().filename(), failed);
  }
}

void AcknowledgedNote::release_logs() const {
  std::error_code ignored;
  fs::remove_all(fs::path(folder_) / kept_name, ignored);
}

base::Error AcknowledgedNote::missing(uint64_t noted, uint64_t found) const {
  return base::fail(base::Code::corrupt,
                    "the record's log is damaged or cut short: of " + std::to_string(noted) +
                        " acknowledged entries it holds the first " + std::to_string(found),
                    folder_,
                    "restore a backup (cityloom restore), and see to the disk; the log as it was lies in the folder " +
                        std::string(kept_name) + "; to go on with what is left, remove the file " + file_name);
}

void AcknowledgedNote::set(uint64_t sequence) {
  if (file_ < 0) {
    file_ = open(path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    record_ = hash_of(identity());
  }
  const Note note = note_of(sequence, record_);
  (void)!pwrite(file_, note.data(), sizeof(note), 0);
}

void AcknowledgedNote::set_and_sync(uint64_t sequence) {
  set(sequence);
  (void)!fdatasync(file_);
}

}  // namespace cityloom::store
