// What both readers of city models write through: ids, coordinate systems, textures, entities; and the hand-over from
// the worker that reads to the one that writes.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "space/city/city_entity.hpp"
#include "space/city/image_source.hpp"
#include "space/import_batch.hpp"

namespace cityloom::space {

/// One file into a batch. A file is read and made into changes by a worker of its own, while the caller's worker hands
/// the changes of before to the batch: `run` starts it, everything else is for the reading worker only.
class CityImport {
 public:
  /// `images` may be nullptr: then textures are noted as not found. Both must outlive this.
  static base::Result<std::unique_ptr<CityImport>> begin(ImportBatch& batch, ImageSource* images);

  /// Calls `read` on a worker of its own and writes what it adds; returns when both have ended. Errors: those of
  /// `read` and of the batch.
  base::Status run(const std::function<base::Status()>& read);

  /// The coordinate system of what names none, and coordinates of the file to know its axes by.
  void set_file_crs(std::string name, std::vector<RawPosition> samples);
  /// Whether any coordinate system is known: the file's, or the one that the options give.
  bool has_crs() const;

  /// Settles the object's id and makes its entity; what is wrong with it becomes a warning. Parts must come with
  /// `parent_id` set. Errors: cancelled.
  base::Status add(CityObject object);
  /// The id that an object of this type and source id gets.
  std::string id_of(std::string_view type, std::string_view source_id) const;
  /// A warning of the report.
  void warn(std::string object, std::string reason);
  /// One that is wanted once a file.
  void note_once(const std::string& object, const std::string& reason);
  void show_progress(uint64_t bytes_done, uint64_t bytes_total);
  /// Whether to stop: somebody asked for it, or what was made cannot be written.
  bool is_cancelled() const { return batch_.is_cancelled() || has_failed_.load(); }
  const ImportOptions& options() const { return batch_.options(); }
  /// Whether nothing was added so far.
  bool is_empty() const { return given_.empty(); }

 private:
  // What the reading worker made: a change, or a warning.
  struct Made {
    thread::Change change;
    std::string object, reason;
    bool is_warning = false;
  };
  using Pieces = std::vector<Made>;

  CityImport(ImportBatch& batch, ImageSource* images) : batch_(batch), images_(images) {}
  base::Result<const CityCrs*> system_of(const std::string& name);
  void keep_textures(CityObject& object);
  void hand_over(Made made, size_t positions);
  void push_pieces();
  base::Status write(Pieces pieces);
  void tell_of_systems();

  // The reading worker's.
  ImportBatch& batch_;
  ImageSource* images_;
  CityTerms terms_;
  std::unique_ptr<EntityMaker> maker_;
  std::string file_crs_;
  std::vector<RawPosition> samples_;
  std::map<std::string, base::Result<CityCrs>> systems_;
  absl::flat_hash_map<std::string, std::string> kept_images_;  // name -> hash, "" if there is none
  absl::flat_hash_set<std::string> noted_;
  absl::flat_hash_set<uint64_t> given_;  // ids of this file, hashed
  Pieces pieces_;
  size_t positions_ = 0;

  // Between both.
  std::atomic<bool> has_failed_{false};
  std::atomic<uint64_t> bytes_done_{0}, bytes_total_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Pieces> waiting_;
  bool is_read_ = false;
};

}  // namespace cityloom::space
