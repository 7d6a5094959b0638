// Batching, counting, and removal of what a source no longer has.
#include "space/import_batch.hpp"

#include <xxhash.h>

#include <algorithm>

namespace cityloom::space {
namespace {

uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

size_t positions_in(const thread::Change& change) {
  size_t count = 0;
  for (const twin::Attribute& attribute : change.attributes) {
    if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value)) count += geometry->positions.size();
  }
  return count;
}

// "urn:ngsi-ld:Building:osm-way-1" -> "Building".
std::string type_in(std::string_view entity_id) {
  constexpr std::string_view start = "urn:ngsi-ld:";
  if (!entity_id.starts_with(start)) return "other";
  entity_id.remove_prefix(start.size());
  return std::string(entity_id.substr(0, entity_id.find(':')));
}

}  // namespace

base::Status ImportBatch::begin_file(std::string file, std::string source) {
  file_ = std::move(file);
  source_ = std::move(source);
  given_before_.insert(given_.begin(), given_.end());
  given_.clear();
  claimed_.insert(claimed_here_.begin(), claimed_here_.end());
  claimed_here_.clear();
  before_.clear();
  warnings_before_ = report_.warnings_count;
  return sink_.each_of_source(vocabulary_.source, source_, [&](const twin::Entity& entity) {
    before_.note(entity.id, stated_by(entity.attributes, vocabulary_.provided_by, source_));
  });
}

bool ImportBatch::claim(std::string_view object) {
  const uint64_t hash = hash_of(object);
  if (claimed_.contains(hash)) return false;
  claimed_here_.insert(hash);
  return true;
}

base::Status ImportBatch::add(thread::Change change) {
  if (!terms_interned_) return terms_interned_;
  const uint64_t hash = hash_of(change.entity_id);
  if (given_before_.contains(hash)) {
    warn(std::move(change.entity_id), "an earlier file of this import gave it: this one is left out");
    return {};
  }
  if (!given_.insert(hash).second) return {};
  ++counts_[type_in(change.entity_id)];
  before_.end_unsaid(change);
  waiting_positions_ += positions_in(change);
  waiting_.push_back(std::move(change));
  if (waiting_.size() < options_.batch_changes && waiting_positions_ < options_.batch_positions) return {};
  return flush();
}

twin::Term ImportBatch::interned(std::string_view name, std::string iri) {
  auto term = sink_.terms().intern(iri);
  if (term) {
    terms_.emplace(name, *term);
    return *term;
  }
  if (terms_interned_) terms_interned_ = std::move(term).error();
  return {};
}

twin::Term ImportBatch::term(std::string_view name) {
  if (const auto known = terms_.find(name); known != terms_.end()) return known->second;
  // NGSI-LD's core context knows this one by another address.
  const std::string_view vocabulary = name == "location" ? "" : "default-context/";
  return interned(name, "https://uri.etsi.org/ngsi-ld/" + std::string(vocabulary) + std::string(name));
}

twin::Term ImportBatch::unit(std::string_view code) {
  const std::string key = " " + std::string(code);  // no attribute's name begins with a blank
  if (const auto known = terms_.find(key); known != terms_.end()) return known->second;
  return interned(key, std::string(code));
}

base::Result<std::string> ImportBatch::put_asset(std::string_view bytes) {
  if (is_cancelled())
    return base::fail(base::Code::cancelled, "The import was stopped: " + progress_text(report_), file_);
  return sink_.put_asset(bytes);
}

void ImportBatch::drop_waiting() {
  waiting_.clear();
  waiting_positions_ = 0;
}

void ImportBatch::drop_file() {
  drop_waiting();
  given_.clear();
  claimed_here_.clear();
}

base::Status ImportBatch::flush() {
  if (waiting_.empty()) return {};
  if (is_cancelled())
    return base::fail(base::Code::cancelled, "The import was stopped: " + progress_text(report_), file_);
  std::vector<thread::Change> changes = std::move(waiting_);
  drop_waiting();
  const size_t count = changes.size();
  std::vector<std::string> ids;
  ids.reserve(count);
  for (const thread::Change& change : changes) ids.push_back(change.entity_id);
  const bool is_removal = changes.front().kind == thread::Change::Kind::remove;
  auto outcomes = sink_.append(std::move(changes));
  if (!outcomes) {
    base::Error error = std::move(outcomes).error();
    error.what += "; " + progress_text(report_);
    return error;
  }
  for (size_t i = 0; i < outcomes->size() && i < count; ++i) {
    const auto& outcome = (*outcomes)[i];
    if (!outcome) {
      warn(ids[i], outcome.error().text());
    } else if (is_removal) {
      ++report_.removed;
    } else {
      ++(outcome->recorded ? report_.imported : report_.unchanged);
    }
  }
  handed_over_ += count;
  return {};
}

base::Status ImportBatch::remove_gone() {
  size_t kept = 0;
  for (const uint64_t hash : given_) kept += before_.contains(hash) ? 1u : 0u;
  if (kept == before_.size()) return {};
  std::vector<std::string> gone;
  auto status = sink_.each_of_source(vocabulary_.source, source_, [&](const twin::Entity& entity) {
    if (!given_.contains(hash_of(entity.id))) gone.push_back(entity.id);
  });
  if (!status) return status;
  for (std::string& id : gone) {
    thread::Change& change = waiting_.emplace_back();
    change.kind = thread::Change::Kind::remove;
    change.entity_id = std::move(id);
    if (waiting_.size() < options_.batch_changes) continue;
    if (auto flushed = flush(); !flushed) return flushed;
  }
  return flush();
}

base::Status ImportBatch::end_file() {
  if (auto status = flush(); !status) return status;
  // A wrong option, a torn file: where nothing could be taken, what was there before stays.
  const bool is_lost = given_.empty() && report_.warnings_count > warnings_before_;
  if (auto status = is_lost ? base::Status() : remove_gone(); !status) return status;
  report_.files.push_back(file_);
  return {};
}

void ImportBatch::warn(std::string object, std::string reason) {
  ++report_.warnings_count;
  if (report_.warnings.size() < options_.warnings_max) {
    report_.warnings.push_back({file_, std::move(object), std::move(reason)});
  }
}

void ImportBatch::show_progress(uint64_t bytes_done, uint64_t bytes_total) const {
  if (options_.progress) options_.progress({file_, std::min(bytes_done, bytes_total), bytes_total, handed_over_});
}

ImportReport ImportBatch::finish() {
  for (auto& [type, count] : counts_) report_.entities.emplace_back(type, count);
  return std::move(report_);
}

std::string progress_text(const ImportReport& report) {
  return "until then " + std::to_string(report.imported) + " entities were imported, " +
         std::to_string(report.unchanged) + " were unchanged, " + std::to_string(report.removed) + " removed";
}

}  // namespace cityloom::space
