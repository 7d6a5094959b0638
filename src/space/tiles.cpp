// One worker follows the feed and keeps the list of buildings; whoever asks for a tile makes it, once.
#include "space/tiles.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "space/building_mesh.hpp"
#include "space/building_shape.hpp"
#include "space/glb.hpp"
#include "space/tile_tree.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using ContentPointer = std::shared_ptr<const TileContent>;

constexpr size_t feed_commits = 256;
// While commits keep coming (an import), tiles are shared out anew this often at most.
constexpr int64_t plan_interval_ms = 500;

// What is kept of each building and part.
struct Known {
  std::string parent_id;
  twin::Box box;
  double lowest_m = 0, highest_m = 0, size_m = 0;
  uint64_t hash = 0;
  bool is_part = false;
  bool can_be_drawn = false;
};

// The tiles as of one offset; never changes.
struct Plan {
  thread::Offset offset;
  std::vector<TileItem> items;
  std::vector<std::vector<std::string>> part_ids;  // of each item; drawn instead of its own outline
  std::vector<Tile> tiles;
  std::map<std::string, uint32_t, std::less<>> tile_of_path;
  ContentPointer tileset;
};

Known known_of(const BuildingShape& shape) {
  Known known;
  known.parent_id = shape.parent_id;
  known.is_part = shape.is_part;
  known.hash = shape.hash();
  known.can_be_drawn = shape.can_be_drawn();
  if (!known.can_be_drawn) return known;
  known.box = twin::bounds_of(shape.outline);
  known.lowest_m = shape.ground_m + shape.min_height_m;
  known.highest_m = shape.ground_m + shape.height_m;
  const twin::Position corner{known.box.west_deg, known.box.south_deg};
  const double width_m = distance_m(corner, {known.box.east_deg, known.box.south_deg});
  const double depth_m = distance_m(corner, {known.box.west_deg, known.box.north_deg});
  known.size_m = std::max(shape.height_m, std::sqrt(width_m * depth_m));
  return known;
}

void include(TileItem& item, const Known& known, bool is_first) {
  if (is_first) {
    item.box = known.box;
    item.lowest_m = known.lowest_m;
    item.highest_m = known.highest_m;
  }
  item.box.west_deg = std::min(item.box.west_deg, known.box.west_deg);
  item.box.south_deg = std::min(item.box.south_deg, known.box.south_deg);
  item.box.east_deg = std::max(item.box.east_deg, known.box.east_deg);
  item.box.north_deg = std::max(item.box.north_deg, known.box.north_deg);
  item.lowest_m = std::min(item.lowest_m, known.lowest_m);
  item.highest_m = std::max(item.highest_m, known.highest_m);
  item.size_m = std::max(item.size_m, known.size_m);
}

using KnownBuildings = absl::flat_hash_map<std::string, Known>;

// A part belongs to its building's picture if the record knows that building.
bool is_within_building(const Known& one, const KnownBuildings& known) {
  if (!one.is_part || one.parent_id.empty()) return false;
  const auto parent = known.find(one.parent_id);
  return parent != known.end() && !parent->second.is_part;
}

std::shared_ptr<const Plan> make_plan(const KnownBuildings& known, thread::Offset offset,
                                      size_t buildings_per_tile_max) {
  std::map<std::string_view, std::map<std::string_view, const Known*>> parts_of;
  for (const auto& [id, one] : known) {
    if (one.can_be_drawn && is_within_building(one, known)) parts_of[one.parent_id][id] = &one;
  }
  auto plan = std::make_shared<Plan>();
  plan->offset = offset;
  for (const auto& [id, one] : known) {
    const auto parts = parts_of.find(id);
    const bool has_parts = parts != parts_of.end();
    if (is_within_building(one, known) || (!one.can_be_drawn && !has_parts)) continue;
    TileItem item;
    item.id = id;
    std::vector<uint64_t> versions{one.hash};
    std::vector<std::string> part_ids;
    if (!has_parts) include(item, one, true);
    if (has_parts) {
      for (const auto& [part_id, part] : parts->second) {
        include(item, *part, part_ids.empty());
        versions.push_back(part->hash);
        part_ids.emplace_back(part_id);
      }
    }
    item.version = XXH3_64bits(versions.data(), versions.size() * sizeof(uint64_t));
    plan->items.push_back(std::move(item));
    plan->part_ids.push_back(std::move(part_ids));
  }
  plan->tiles = share_out(plan->items, buildings_per_tile_max);
  for (uint32_t i = 0; i < plan->tiles.size(); ++i) plan->tile_of_path.emplace(plan->tiles[i].path(), i);
  auto tileset = std::make_shared<TileContent>();
  tileset->content_type = "application/json";
  tileset->bytes = tileset_json(plan->tiles);
  tileset->etag = etag_of(XXH3_64bits(tileset->bytes.data(), tileset->bytes.size()));
  plan->tileset = std::move(tileset);
  return plan;
}

// Contents that were made, the least used go first.
class ContentCache {
 public:
  explicit ContentCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  ContentPointer find(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }
  void add(const std::string& key, ContentPointer content) {
    if (places_.contains(key)) return;
    bytes_ += content->bytes.size();
    order_.emplace_front(key, std::move(content));
    places_[key] = order_.begin();
    while (bytes_ > bytes_max_ && order_.size() > 1) {
      bytes_ -= order_.back().second->bytes.size();
      places_.erase(order_.back().first);
      order_.pop_back();
    }
  }

 private:
  std::list<std::pair<std::string, ContentPointer>> order_;
  absl::flat_hash_map<std::string, decltype(order_)::iterator> places_;
  size_t bytes_max_;
  size_t bytes_ = 0;
};

class FollowingTiles final : public BuildingTiles {
 public:
  FollowingTiles(thread::Thread& thread, TileOptions options)
      : thread_(thread), options_(options), cache_(options.cache_bytes_max) {
    token_ = thread_.on_head([this](thread::Offset) {
      const std::lock_guard lock(mutex_);
      has_news_ = true;
      changed_.notify_all();
    });
    worker_ = std::thread([this] { follow_feed(); });
  }

  ~FollowingTiles() override {
    token_.reset();
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      changed_.notify_all();
    }
    worker_.join();
  }

  bool ready() const override {
    const std::lock_guard lock(mutex_);
    return plan_ != nullptr;
  }
  base::Result<ContentPointer> find(std::string_view path) override;
  base::Status wait_for(thread::Offset offset, int64_t timeout_ms) override;
  Counts counts() const override;

 private:
  void follow_feed();
  void read_all();
  bool read_feed();
  void take(const twin::Fact& fact, absl::flat_hash_set<std::string>& touched);
  void read_again(const absl::flat_hash_set<std::string>& touched);
  void publish();
  base::Result<ContentPointer> make(const Plan& plan, const Tile& tile) const;

  thread::Thread& thread_;
  TileOptions options_;

  // The worker's own.
  KnownBuildings known_;
  Vocabulary vocabulary_;
  thread::Offset read_until_;
  bool is_dirty_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Plan> plan_;
  thread::Offset planned_until_;
  std::optional<base::Error> error_;
  ContentCache cache_;
  absl::flat_hash_set<std::string> being_made_;
  uint64_t contents_made_ = 0;
  bool has_news_ = true;
  bool is_stopping_ = false;

  thread::Thread::Token token_;
  std::thread worker_;
};

void FollowingTiles::read_all() {
  vocabulary_ = Vocabulary::find(thread_.terms());
  const auto snapshot = thread_.snapshot();
  twin::Query query;
  query.types.any_of = {{vocabulary_.building}, {vocabulary_.building_part}};
  const auto status = snapshot.each(query, [&](const twin::EntityRecord& record) {
    const BuildingShape shape = shape_of(record, vocabulary_);
    known_[shape.id] = known_of(shape);
    return true;
  });
  const std::lock_guard lock(mutex_);
  if (!status) error_ = status.error();
  read_until_ = snapshot.offset();
  is_dirty_ = true;
}

void FollowingTiles::take(const twin::Fact& fact, absl::flat_hash_set<std::string>& touched) {
  using Kind = twin::Fact::Kind;
  const auto is_building = [&] {
    return std::any_of(fact.types.begin(), fact.types.end(), [&](twin::Term type) {
      return type == vocabulary_.building || type == vocabulary_.building_part;
    });
  };
  const bool is_known = known_.contains(fact.entity_id);
  switch (fact.kind) {
    case Kind::entity_created:
    case Kind::types_set:
      if (is_known || is_building()) touched.insert(fact.entity_id);
      break;
    case Kind::entity_deleted:
      if (is_known) touched.insert(fact.entity_id);
      break;
    case Kind::attribute_set:
    case Kind::attribute_deleted:
      if (is_known && is_drawn(fact.attribute.name, vocabulary_)) touched.insert(fact.entity_id);
      break;
    case Kind::scopes_set:
      break;
  }
}

void FollowingTiles::read_again(const absl::flat_hash_set<std::string>& touched) {
  if (touched.empty()) return;
  const auto snapshot = thread_.snapshot_at(read_until_);
  for (const std::string& id : touched) {
    auto record = snapshot ? snapshot->find(id) : base::Result<twin::EntityRecord>(snapshot.error());
    if (!record) {
      const std::lock_guard lock(mutex_);
      error_ = record.error();
      return;
    }
    const bool is_building =
        record->exists() && (record->has_type(vocabulary_.building) || record->has_type(vocabulary_.building_part));
    if (!is_building) {
      is_dirty_ = known_.erase(id) > 0 || is_dirty_;
      continue;
    }
    Known now = known_of(shape_of(*record, vocabulary_));
    Known& before = known_[id];
    is_dirty_ = is_dirty_ || before.hash != now.hash;
    before = std::move(now);
  }
}

// True when there was something to read.
bool FollowingTiles::read_feed() {
  const auto commits = thread_.feed(read_until_, feed_commits);
  if (!commits) {
    const std::lock_guard lock(mutex_);
    error_ = commits.error();
    return false;
  }
  if (commits->empty()) return false;
  vocabulary_ = Vocabulary::find(thread_.terms());
  absl::flat_hash_set<std::string> touched;
  for (const auto& commit : *commits) {
    read_until_ = commit->offset;
    if (commit->branch != thread::main_branch) continue;
    for (const twin::Fact& fact : commit->facts) take(fact, touched);
  }
  read_again(touched);
  return true;
}

void FollowingTiles::publish() {
  std::shared_ptr<const Plan> plan;
  if (is_dirty_) plan = make_plan(known_, read_until_, options_.buildings_per_tile_max);
  is_dirty_ = false;
  const std::lock_guard lock(mutex_);
  if (plan) plan_ = std::move(plan);
  planned_until_ = read_until_;
  changed_.notify_all();
}

void FollowingTiles::follow_feed() {
  read_all();
  publish();
  auto last_plan = std::chrono::steady_clock::now();
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return has_news_ || is_stopping_; });
      if (is_stopping_) return;
      has_news_ = false;
    }
    while (read_feed()) {
      if (std::chrono::steady_clock::now() - last_plan < std::chrono::milliseconds(plan_interval_ms)) continue;
      publish();
      last_plan = std::chrono::steady_clock::now();
    }
    publish();
  }
}

base::Status FollowingTiles::wait_for(thread::Offset offset, int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  const bool reached = changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                         [&] { return plan_ != nullptr && planned_until_ >= offset; });
  if (reached) return {};
  return error_ ? base::Status(*error_) : base::Status(fail(Code::timeout, "the tiles are not there yet"));
}

BuildingTiles::Counts FollowingTiles::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts;
  counts.contents_made = contents_made_;
  if (!plan_) return counts;
  counts.tiles = plan_->tiles.size();
  counts.features = plan_->items.size();
  return counts;
}

base::Result<ContentPointer> FollowingTiles::make(const Plan& plan, const Tile& tile) const {
  const auto snapshot = thread_.snapshot_at(plan.offset);
  if (!snapshot) return snapshot.error();
  const Vocabulary vocabulary = Vocabulary::find(thread_.terms());
  const LocalFrame frame(tile.origin);
  Triangulator triangulator;
  BuildingMesh mesh;
  std::vector<FeatureRow> rows;
  for (uint32_t number : tile.items) {
    auto record = snapshot->find(plan.items[number].id);
    if (!record) return std::move(record).error();
    if (!record->exists()) continue;
    const BuildingShape shape = shape_of(*record, vocabulary);
    const auto feature = static_cast<uint32_t>(rows.size());
    rows.push_back({shape.id, shape.name, shape.category, shape.height_source, shape.stated_height_m, shape.levels});
    if (plan.part_ids[number].empty()) append_building(shape, feature, frame, triangulator, mesh);
    for (const std::string& part_id : plan.part_ids[number]) {
      auto part = snapshot->find(part_id);
      if (!part) return std::move(part).error();
      if (part->exists()) append_building(shape_of(*part, vocabulary), feature, frame, triangulator, mesh);
    }
  }
  auto content = std::make_shared<TileContent>();
  content->content_type = "model/gltf-binary";
  content->etag = etag_of(tile.version);
  content->bytes = make_glb(mesh, frame, rows);
  return ContentPointer(std::move(content));
}

base::Result<ContentPointer> FollowingTiles::find(std::string_view path) {
  std::unique_lock lock(mutex_);
  if (!plan_) {
    return error_ ? *error_
                  : fail(Code::unavailable, "The buildings are being read", std::string(path), "Try again soon");
  }
  if (path == "tileset.json") return plan_->tileset;
  const std::shared_ptr<const Plan> plan = plan_;
  const auto number = plan->tile_of_path.find(path);
  if (number == plan->tile_of_path.end()) return fail(Code::not_found, "There is no such tile", std::string(path));
  const Tile& tile = plan->tiles[number->second];
  const std::string key = tile.path() + etag_of(tile.version);
  // Several may ask for one tile at once: one makes it, the others wait.
  changed_.wait(lock, [&] { return !being_made_.contains(key); });
  if (ContentPointer made = cache_.find(key)) return made;
  being_made_.insert(key);
  lock.unlock();
  base::Result<ContentPointer> content = fail(Code::too_large, "There is not enough memory for this tile", tile.path());
  try {
    content = make(*plan, tile);
  } catch (const std::bad_alloc&) {
    // Whoever waits for this tile must not wait for ever.
  }
  lock.lock();
  being_made_.erase(key);
  changed_.notify_all();
  if (content) {
    cache_.add(key, *content);
    ++contents_made_;
  }
  return content;
}

}  // namespace

std::unique_ptr<BuildingTiles> BuildingTiles::follow(thread::Thread& thread, TileOptions options) {
  return std::make_unique<FollowingTiles>(thread, options);
}

}  // namespace cityloom::space
