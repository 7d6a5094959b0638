// The embedded store: RocksDB with a column family per family, every write in its log, poisoned by the first failure.
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "store/acknowledged.hpp"
#include "store/rocks_errors.hpp"
#include "store/store.hpp"

namespace cityloom::store {
namespace {

using base::Code;
using base::Error;
using base::fail;
using base::Result;
using base::Status;
using thread::Batch;
using thread::Durability;
using thread::Family;
using thread::family_count;

/// Why the store takes no more writes, if so. RocksDB tells it of failed flushes and compactions too, on its own
/// workers.
class Poison final : public rocksdb::EventListener {
 public:
  explicit Poison(std::string folder) : folder_(std::move(folder)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override { take(*status); }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* recover) override {
    *recover = false;
  }

  void take(const rocksdb::Status& status) {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = error_of(status, folder_);
    taken_.store(true);
  }

  Status check() const {
    if (!taken_.load()) return {};
    const std::lock_guard lock(mutex_);
    return fail(Code::unavailable, "the record takes no more writes since one failed: " + reason_->what, folder_,
                reason_->remedy);
  }

 private:
  const std::string folder_;
  std::atomic<bool> taken_ = false;
  mutable std::mutex mutex_;
  std::optional<Error> reason_;
};

/// RocksDB's own log, left out: what fails comes back as a status and is said by us, while a log file that meets a
/// full disk ends the program (an assertion in the writer of 7.8, seen in one of five full disks).
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

/// Puts what was appended behind what was there.
class Appending final : public rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "cityloom.append"; }

  bool FullMergeV2(const MergeOperationInput& input, MergeOperationOutput* output) const override {
    std::string& all = output->new_value;
    // What it gives is not always empty, whatever its header says: an iterator hands over the last result.
    if (input.existing_value != nullptr)
      all.assign(input.existing_value->data(), input.existing_value->size());
    else
      all.clear();
    for (const rocksdb::Slice& one : input.operand_list) all.append(one.data(), one.size());
    return true;
  }

  bool PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& operands, std::string* all,
                         rocksdb::Logger*) const override {
    all->clear();
    for (const rocksdb::Slice& one : operands) all->append(one.data(), one.size());
    return true;
  }
};

rocksdb::ColumnFamilyOptions family_options(Family family, const EmbeddedOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions column;
  column.write_buffer_size = options.write_buffer_bytes;
  column.level_compaction_dynamic_level_bytes = true;
  // Commits come in the order of their keys: files move down without being written again, so the first compression
  // is the last. Of series, chunks are packed already, but the points of open chunks are not.
  const bool is_log = family == Family::commits;
  column.compression = is_log ? rocksdb::kZSTD : rocksdb::kLZ4Compression;
  column.bottommost_compression = rocksdb::kZSTD;
  column.compression_opts.level = is_log ? 1 : rocksdb::CompressionOptions::kDefaultCompressionLevel;
  if (family == Family::series) column.merge_operator = std::make_shared<Appending>();
  if (family == Family::assets) {  // pieces up to a megabyte, mostly packed already: not to be written again and again
    column.enable_blob_files = true;
    column.min_blob_size = 4u << 10;
    column.blob_compression_type = rocksdb::kLZ4Compression;
    column.enable_blob_garbage_collection = true;
  }

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // so that memory stays within the cache, however large the record
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_size = is_log || family == Family::series ? 16u << 10 : 4u << 10;
  table.format_version = 5;
  if (family == Family::latest || family == Family::terms || family == Family::ever) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return column;
}

rocksdb::DBOptions database_options(const EmbeddedOptions& options, std::shared_ptr<Poison> poison) {
  rocksdb::DBOptions database;
  if (options.env != nullptr) database.env = options.env;
  database.create_if_missing = options.create_if_missing;
  database.create_missing_column_families = true;
  database.listeners.push_back(std::move(poison));
  // What failed is never tried again behind our back.
  database.max_bgerror_resume_count = 0;
  database.paranoid_checks = true;
  // A torn end of the log was never acknowledged; everything before it comes back, as one prefix of the writes.
  database.wal_recovery_mode = options.strict_log ? rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords
                                                  : rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // Everything is in the log, so closing needs no flush; whoever wants a quick next start calls flush().
  database.avoid_flush_during_shutdown = true;
  database.max_total_wal_size = 8 * options.write_buffer_bytes;
  database.db_write_buffer_size = 4 * options.write_buffer_bytes;
  database.max_background_jobs = 2;
  database.max_open_files = 512;
  database.bytes_per_sync = 1u << 20;
  database.info_log = std::make_shared<NoLog>();
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

class EmbeddedStore final : public thread::Store {
 public:
  EmbeddedStore(std::string folder, std::shared_ptr<Poison> poison, rocksdb::DB* database,
                std::vector<rocksdb::ColumnFamilyHandle*> families)
      : folder_(std::move(folder)),
        poison_(std::move(poison)),
        note_(folder_),
        database_(database),
        families_(std::move(families)) {}

  ~EmbeddedStore() override {
    if (poison_->check().ok() && database_->SyncWAL().ok()) note_.set_and_sync(database_->GetLatestSequenceNumber());
    for (auto* family : families_) database_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    database_->Close().PermitUncheckedError();
  }

  Status write(const Batch& batch, Durability durability) override {
    // One after another: the note must not promise a write of another worker that is not synced.
    const std::lock_guard lock(write_mutex_);
    if (const Status fit = poison_->check(); !fit.ok()) return fit;
    if (batch.empty()) return {};
    rocksdb::WriteBatch rocks_batch(batch.bytes() + 16 * batch.entries().size() + 64);
    for (const Batch::Entry entry : batch.entries()) {
      if (const auto status = add(entry, rocks_batch); !status.ok())
        return fail(Code::internal, "batch refused: " + status.ToString(), folder_);
    }
    rocksdb::WriteOptions how;
    how.sync = durability == Durability::synced;
    const Status written = done(database_->Write(how, &rocks_batch));
    if (written.ok() && how.sync) note_.set(database_->GetLatestSequenceNumber());
    return written;
  }

  Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    rocksdb::PinnableSlice value;
    const auto status = database_->Get({}, handle(family), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return error_of(status, folder_);
    return std::optional<std::string>(value.ToString());
  }

  Status scan(Family family, std::string_view first, std::string_view last,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    rocksdb::ReadOptions how;
    const rocksdb::Slice bound = slice(last);
    if (!last.empty()) how.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator(how, handle(family)));
    for (at->Seek(slice(first)); at->Valid(); at->Next()) {
      if (!visit(at->key().ToStringView(), at->value().ToStringView())) break;
    }
    if (!at->status().ok()) return error_of(at->status(), folder_);
    return {};
  }

  Result<std::optional<std::pair<std::string, std::string>>> last_before(Family family,
                                                                         std::string_view last) const override {
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}, handle(family)));
    if (last.empty()) {
      at->SeekToLast();
    } else {
      at->SeekForPrev(slice(last));
      if (at->Valid() && at->key() == slice(last)) at->Prev();
    }
    if (!at->status().ok()) return error_of(at->status(), folder_);
    std::optional<std::pair<std::string, std::string>> found;
    if (at->Valid()) found.emplace(at->key().ToString(), at->value().ToString());
    return found;
  }

  Status clear(Family family) override {
    if (const Status fit = poison_->check(); !fit.ok()) return fit;
    const auto last = last_before(family, {});
    if (!last) return last.error();
    if (!last->has_value()) return {};
    const std::string past = (*last)->first + '\0';
    rocksdb::WriteOptions synced;
    synced.sync = true;
    // First durably gone in the log's order, then the files: a crash between them leaves nothing half deleted.
    if (const Status gone = done(database_->DeleteRange(synced, handle(family), "", past)); !gone.ok()) return gone;
    return done(rocksdb::DeleteFilesInRange(database_.get(), handle(family), nullptr, nullptr));
  }

  Status backup(const std::string& folder) override;

  std::string scratch_folder() const override { return folder_; }
  uint64_t size_bytes(Family family) const override {
    uint64_t tables = 0;
    uint64_t blobs = 0;
    database_->GetIntProperty(handle(family), rocksdb::DB::Properties::kLiveSstFilesSize, &tables);
    database_->GetIntProperty(handle(family), rocksdb::DB::Properties::kLiveBlobFileSize, &blobs);
    return tables + blobs;
  }

  Status flush() override {
    if (const Status fit = poison_->check(); !fit.ok()) return fit;
    return done(database_->Flush({}, families_));
  }

 private:
  static rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

  rocksdb::Status add(const Batch::Entry& entry, rocksdb::WriteBatch& to) const {
    switch (entry.kind) {
      case Batch::Kind::put:
        return to.Put(handle(entry.family), slice(entry.key), slice(entry.value));
      case Batch::Kind::append:
        return to.Merge(handle(entry.family), slice(entry.key), slice(entry.value));
      case Batch::Kind::erase:
        break;
    }
    return to.Delete(handle(entry.family), slice(entry.key));
  }

  rocksdb::ColumnFamilyHandle* handle(Family family) const { return families_[static_cast<size_t>(family) + 1]; }

  Status done(const rocksdb::Status& status) const {
    if (status.ok()) return {};
    poison_->take(status);
    Error error = error_of(status, folder_);
    error.code = Code::unavailable;
    return error;
  }

  const std::string folder_;
  const std::shared_ptr<Poison> poison_;
  std::mutex write_mutex_;
  AcknowledgedNote note_;
  const std::unique_ptr<rocksdb::DB> database_;
  const std::vector<rocksdb::ColumnFamilyHandle*> families_;  // RocksDB's own "default" first, then ours in order
};

Status EmbeddedStore::backup(const std::string& folder) {
  if (const Status fit = poison_->check(); !fit.ok()) return fit;
  std::error_code failure;
  const std::filesystem::path target(folder);
  if (std::filesystem::exists(target, failure)) {
    if (!std::filesystem::is_directory(target, failure) || !std::filesystem::is_empty(target, failure)) {
      return fail(Code::already_exists, "a backup needs a new or an empty folder", folder, "name another folder");
    }
    std::filesystem::remove(target, failure);  // RocksDB makes it itself, so that it appears only when complete
  } else if (target.has_parent_path()) {
    std::filesystem::create_directories(target.parent_path(), failure);
  }
  if (failure) return fail(Code::unavailable, "the backup folder cannot be made: " + failure.message(), folder);
  rocksdb::Checkpoint* raw = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(database_.get(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) status = checkpoint->CreateCheckpoint(std::filesystem::absolute(target).lexically_normal().string());
  if (!status.ok()) return error_of(status, folder);
  return {};
}

/// A folder that holds data files but no CURRENT lost it: RocksDB would begin a new record over the old one.
Status check_folder(const std::string& folder, bool create_if_missing) {
  std::error_code failure;
  if (std::filesystem::exists(folder + "/CURRENT", failure)) return {};
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path().extension() == ".sst" || entry->path().extension() == ".blob") {
      return fail(Code::corrupt, "the file CURRENT is missing beside the record's data", folder, "restore a backup");
    }
  }
  if (!create_if_missing) {
    return fail(Code::not_found, "there is no record in the folder", folder, "check the path given with --data");
  }
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    return fail(Code::unavailable, "the folder cannot be made: " + failure.message(), folder,
                "give this user the right to write there, or name another folder");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<thread::Store>> open_embedded(const std::string& folder, const EmbeddedOptions& options) {
  if (const Status fit = check_folder(folder, options.create_if_missing); !fit.ok()) return fit.error();
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> columns;
  columns.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  for (size_t i = 0; i < family_count; ++i) {
    const auto family = static_cast<Family>(i);
    columns.emplace_back(std::string(name_of(family)), family_options(family, options, cache));
  }
  const auto poison = std::make_shared<Poison>(folder);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* database = nullptr;
  const AcknowledgedNote note(folder);
  const auto noted = note.read();
  if (noted) note.keep_logs();
  const auto status = rocksdb::DB::Open(database_options(options, poison), folder, columns, &handles, &database);
  if (!status.ok()) return opening_error(status, folder);
  const uint64_t found = database->GetLatestSequenceNumber();
  if (noted && found < *noted) {
    for (auto* handle : handles) database->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    database->Close().PermitUncheckedError();
    delete database;
    return note.missing(*noted, found);
  }
  note.release_logs();
  return std::unique_ptr<thread::Store>(std::make_unique<EmbeddedStore>(folder, poison, database, std::move(handles)));
}

}  // namespace cityloom::store
