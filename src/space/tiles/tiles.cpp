// One worker follows the feed and keeps the list of buildings; whoever asks for a tile makes it, once.
#include "space/tiles/tiles.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "space/tiles/building_mesh.hpp"
#include "space/tiles/building_shape.hpp"
#include "space/tiles/glb.hpp"
#include "space/tiles/tile_plan.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
constexpr size_t feed_commits = 256;
// While commits keep coming (an import), tiles are shared out anew this often at most.
constexpr int64_t plan_interval_ms = 500;

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

// Plans of the past, the least used go first. Each is the picture from one offset until another.
class PastPlans {
 public:
  explicit PastPlans(size_t items_max) : items_max_(items_max) {}

  std::shared_ptr<const Plan> find(thread::Offset offset) {
    const auto fits = [&](const Entry& entry) { return entry.plan->offset <= offset && offset <= entry.until; };
    const auto found = std::find_if(entries_.begin(), entries_.end(), fits);
    if (found == entries_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found);
    return entries_.front().plan;
  }
  void add(std::shared_ptr<const Plan> plan, thread::Offset until) {
    items_ += plan->items.size();
    entries_.push_front({until, std::move(plan)});
    while (entries_.size() > 1 && (items_ > items_max_ || entries_.size() > entries_max)) {
      items_ -= entries_.back().plan->items.size();
      entries_.pop_back();
    }
  }

 private:
  static constexpr size_t entries_max = 16;
  struct Entry {
    thread::Offset until;
    std::shared_ptr<const Plan> plan;
  };
  std::list<Entry> entries_;
  size_t items_max_;
  size_t items_ = 0;
};

class FollowingTiles final : public BuildingTiles {
 public:
  FollowingTiles(thread::Thread& thread, TileOptions options)
      : thread_(thread), options_(options), past_(options.past_items_max), cache_(options.cache_bytes_max) {
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
  base::Result<ContentPointer> find(std::string_view path, std::optional<thread::Offset> as_of) override;
  base::Status wait_for(thread::Offset offset, int64_t timeout_ms) override;
  Counts counts() const override;

 private:
  void follow_feed();
  void read_all();
  bool read_feed();
  void take(const twin::Fact& fact, absl::flat_hash_set<std::string>& touched);
  void read_again(const absl::flat_hash_set<std::string>& touched);
  void publish();
  base::Result<std::shared_ptr<const Plan>> plan_as_of(std::optional<thread::Offset> as_of);
  base::Result<KnownBuildings> read_at(const thread::Snapshot& snapshot, const Vocabulary& vocabulary) const;
  base::Result<ContentPointer> make(const Plan& plan, const Tile& tile) const;

  thread::Thread& thread_;
  TileOptions options_;

  // The worker's own.
  KnownBuildings known_;
  Vocabulary vocabulary_;
  thread::Offset read_until_;
  bool is_dirty_ = false;

  std::mutex reading_past_;  // one reads the past at a time; taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Plan> plan_;
  thread::Offset planned_until_;
  std::optional<base::Error> error_;
  PastPlans past_;
  ContentCache cache_;
  absl::flat_hash_set<std::string> being_made_;
  uint64_t contents_made_ = 0;
  bool has_news_ = true;
  bool is_stopping_ = false;

  thread::Thread::Token token_;
  std::thread worker_;
};

base::Result<KnownBuildings> FollowingTiles::read_at(const thread::Snapshot& snapshot,
                                                     const Vocabulary& vocabulary) const {
  KnownBuildings known;
  twin::Query query;
  query.types.any_of = {{vocabulary.building}, {vocabulary.building_part}};
  const auto status = snapshot.each(query, [&](const twin::EntityRecord& record) {
    const BuildingShape shape = shape_of(record, vocabulary);
    known[shape.id] = known_of(shape);
    return true;
  });
  if (!status) return status.error();
  return known;
}

void FollowingTiles::read_all() {
  vocabulary_ = Vocabulary::find(thread_.terms());
  const auto snapshot = thread_.snapshot();
  auto known = read_at(snapshot, vocabulary_);
  const std::lock_guard lock(mutex_);
  if (known) known_ = std::move(*known);
  if (!known) error_ = known.error();
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
  if (plan && plan_) past_.add(plan_, planned_until_);
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
  GlbScene scene{LocalFrame(tile.origin),
                 {},
                 {},
                 FeatureTable("building", {"id", "name", "heightSource", "category"}, {"height", "levels"})};
  Triangulator triangulator;
  for (uint32_t number : tile.items) {
    auto record = snapshot->find(plan.items[number].id);
    if (!record) return std::move(record).error();
    if (!record->exists()) continue;
    const BuildingShape shape = shape_of(*record, vocabulary);
    const uint32_t feature = scene.features.add_row();
    scene.features.set_text("id", shape.id);
    scene.features.set_text("name", shape.name);
    scene.features.set_text("heightSource", shape.height_source);
    scene.features.set_text("category", shape.category);
    scene.features.set_number("height", shape.stated_height_m);
    scene.features.set_number("levels", shape.levels);
    const auto draw = [&](const BuildingShape& one) {
      append_building(one, feature, scene.frame, triangulator, scene.mesh);
    };
    if (plan.part_ids[number].empty()) draw(shape);
    for (const std::string& part_id : plan.part_ids[number]) {
      auto part = snapshot->find(part_id);
      if (!part) return std::move(part).error();
      if (part->exists()) draw(shape_of(*part, vocabulary));
    }
  }
  auto content = std::make_shared<TileContent>();
  content->content_type = "model/gltf-binary";
  content->etag = etag_of(tile.version);
  content->bytes = make_glb(scene);
  return ContentPointer(std::move(content));
}

base::Result<std::shared_ptr<const Plan>> FollowingTiles::plan_as_of(std::optional<thread::Offset> as_of) {
  const auto find_known = [&]() -> base::Result<std::shared_ptr<const Plan>> {
    const std::lock_guard lock(mutex_);
    if (!plan_) {
      return error_ ? *error_ : fail(Code::unavailable, "The buildings are being read", {}, "Try again soon");
    }
    if (!as_of || (plan_->offset <= *as_of && *as_of <= planned_until_)) return plan_;
    return past_.find(*as_of);
  };
  auto known = find_known();
  if (!known || *known) return known;
  const std::lock_guard reading(reading_past_);
  known = find_known();  // whoever read before us may have asked for the same
  if (!known || *known) return known;
  const auto snapshot = thread_.snapshot_at(*as_of);
  if (!snapshot) return snapshot.error();
  const auto buildings = read_at(*snapshot, Vocabulary::find(thread_.terms()));
  if (!buildings) return buildings.error();
  auto plan = make_plan(*buildings, *as_of, options_.buildings_per_tile_max);
  const std::lock_guard lock(mutex_);
  past_.add(plan, *as_of);
  return plan;
}

base::Result<ContentPointer> FollowingTiles::find(std::string_view path, std::optional<thread::Offset> as_of) {
  const auto found = plan_as_of(as_of);
  if (!found) return found.error();
  const std::shared_ptr<const Plan>& plan = *found;
  if (path == "tileset.json") return as_of ? plan->tileset_as_of : plan->tileset;
  const auto number = plan->tile_of_path.find(path);
  if (number == plan->tile_of_path.end()) return fail(Code::not_found, "There is no such tile", std::string(path));
  const Tile& tile = plan->tiles[number->second];
  const std::string key = tile.path() + etag_of(tile.version);
  std::unique_lock lock(mutex_);
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
