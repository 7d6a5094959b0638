// Near tiles are read from the place index. Of far ones, an overview knows what is large enough to be seen.
#include "space/vector/vector_tiles.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <list>
#include <mutex>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using thread::Offset;
using TilePointer = std::shared_ptr<const VectorTile>;

constexpr size_t records_max = 400'000;  // of one tile
constexpr size_t touched_max = 2'000;    // entities looked at one by one; beyond, all is read again
constexpr uint64_t commits_behind_max = 20'000;
constexpr size_t changes_kept = 20'000;
constexpr size_t past_kept = 4;
constexpr auto read_again_interval = std::chrono::seconds(2);

// In the projection: x to the east, y to the south.
struct WorldBox {
  double west = 1, north = 1, east = 0, south = 0;
  bool meets(const WorldBox& other) const {
    return west <= other.east && other.west <= east && north <= other.south && other.north <= south;
  }
  void take(const WorldBox& other) {
    west = std::min(west, other.west);
    north = std::min(north, other.north);
    east = std::max(east, other.east);
    south = std::max(south, other.south);
  }
};

WorldBox world_box(const twin::Geometry& geometry) {
  const twin::Box box = twin::bounds_of(geometry);
  const WorldPoint low = world_point(box.west_deg, box.south_deg), high = world_point(box.east_deg, box.north_deg);
  return {low.x, high.y, high.x, low.y};
}

WorldBox world_box(const TileAddress& tile) {
  const double width = std::ldexp(1, -static_cast<int>(tile.z));
  const double margin = width * tile_buffer / tile_extent;
  return {tile.x * width - margin, tile.y * width - margin, (tile.x + 1) * width + margin,
          (tile.y + 1) * width + margin};
}

// What is seen from far: ids with their boxes.
struct Overview {
  struct Item {
    WorldBox box;
    uint32_t zoom_least = 0;
  };
  absl::flat_hash_map<std::string, Item> items;
  WorldBox all;  // of everything, also of what is only seen from near
  Offset offset;
};

void take(const VectorReader& reader, const twin::EntityRecord& record, Overview& overview) {
  const auto draft = reader.read(record);
  if (!draft) return;
  const WorldBox box = world_box(draft->geometry);
  overview.all.take(box);
  if (draft->zoom_least > overview_zoom_max) return;
  overview.items[std::string(record.id())] = {box, draft->zoom_least};
}

base::Result<std::shared_ptr<Overview>> read_overview(const thread::Snapshot& snapshot, const VectorReader& reader) {
  auto overview = std::make_shared<Overview>();
  overview->offset = snapshot.offset();
  const auto status = snapshot.each({}, [&](const twin::EntityRecord& record) {
    take(reader, record, *overview);
    return true;
  });
  if (!status) return status.error();
  return overview;
}

// Made tiles, the least used go first.
class TileCache {
 public:
  struct Entry {
    std::string key;
    TilePointer tile;
    Offset offset;  // up to which it is known to be right
  };
  explicit TileCache(size_t bytes_max) : bytes_max_(bytes_max) {}
  Entry* find(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &order_.front();
  }
  void put(const std::string& key, TilePointer tile, Offset offset) {
    if (Entry* entry = find(key)) {
      bytes_ += tile->bytes.size();
      bytes_ -= entry->tile->bytes.size();
      entry->tile = std::move(tile);
      entry->offset = offset;
    } else {
      bytes_ += tile->bytes.size() + entry_bytes;
      order_.push_front({key, std::move(tile), offset});
      places_[key] = order_.begin();
    }
    while (bytes_ > bytes_max_ && order_.size() > 1) {
      bytes_ -= order_.back().tile->bytes.size() + entry_bytes;
      places_.erase(order_.back().key);
      order_.pop_back();
    }
  }

 private:
  static constexpr size_t entry_bytes = 300;
  std::list<Entry> order_;
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> places_;
  size_t bytes_max_;
  size_t bytes_ = 0;
};

// Where tiles have changed lately.
class Changes {
 public:
  void add(Offset offset, const WorldBox& box) {
    log_.emplace_back(offset, box);
    if (log_.size() > changes_kept) {
      all_until_ = std::max(all_until_, log_.front().first);
      log_.pop_front();
    }
  }
  void add_all(Offset offset) {
    all_until_ = offset;
    log_.clear();
  }
  bool are_any(Offset after, const WorldBox& box) const {
    if (after < all_until_) return true;
    return std::any_of(log_.rbegin(), log_.rend(),
                       [&](const auto& change) { return change.first > after && change.second.meets(box); });
  }

 private:
  std::deque<std::pair<Offset, WorldBox>> log_;
  Offset all_until_;
};

class RecordTiles final : public VectorTiles {
 public:
  RecordTiles(thread::Thread& thread, VectorOptions options)
      : thread_(thread), options_(options), cache_(options.cache_bytes_max) {}

  base::Result<TilePointer> find(const TileAddress& tile, std::optional<Offset> as_of) override;
  base::Result<std::optional<twin::Box>> bounds() override;

 private:
  base::Status follow(const thread::Snapshot& snapshot, const VectorReader& reader);
  base::Status read_again(const thread::Snapshot& snapshot, const VectorReader& reader);
  base::Result<bool> touched_since(const VectorReader& reader, absl::flat_hash_set<std::string>& touched);
  base::Result<std::shared_ptr<const Overview>> past_overview(const thread::Snapshot& snapshot,
                                                              const VectorReader& reader);
  base::Result<TilePointer> make(const TileAddress& tile, const thread::Snapshot& snapshot, const VectorReader& reader,
                                 const Overview& overview) const;
  base::Status read_near(const TileAddress& tile, const thread::Snapshot& snapshot, const VectorReader& reader,
                         std::vector<VectorDraft>& drafts) const;
  TilePointer pack(const TileAddress& tile, std::vector<VectorDraft> drafts) const;

  thread::Thread& thread_;
  VectorOptions options_;

  std::mutex mutex_;
  std::shared_ptr<Overview> overview_;  // never changed while somebody else holds it
  Changes changes_;
  TileCache cache_;
  std::list<std::shared_ptr<const Overview>> past_;
  std::chrono::steady_clock::time_point read_at_;
};

// False: too much has happened to look at each.
base::Result<bool> RecordTiles::touched_since(const VectorReader& reader, absl::flat_hash_set<std::string>& touched) {
  using Kind = twin::Fact::Kind;
  Offset at = overview_->offset;
  while (true) {
    const auto commits = thread_.feed(at, 256);
    if (!commits) return commits.error();
    if (commits->empty()) return true;
    for (const auto& commit : *commits) {
      at = commit->offset;
      if (commit->branch != thread::main_branch) continue;
      for (const twin::Fact& fact : commit->facts) {
        const bool is_attribute = fact.kind == Kind::attribute_set || fact.kind == Kind::attribute_deleted;
        if (fact.kind == Kind::scopes_set || VectorReader::is_moving(fact.entity_id)) continue;
        if (is_attribute && !reader.matters(fact.attribute.name)) continue;
        touched.insert(fact.entity_id);
        if (touched.size() > touched_max) return false;
      }
    }
  }
}

base::Status RecordTiles::read_again(const thread::Snapshot& snapshot, const VectorReader& reader) {
  auto overview = read_overview(snapshot, reader);
  if (!overview) return overview.error();
  overview_ = std::move(*overview);
  changes_.add_all(snapshot.offset());
  read_at_ = std::chrono::steady_clock::now();
  return {};
}

base::Status RecordTiles::follow(const thread::Snapshot& snapshot, const VectorReader& reader) {
  if (!overview_) return read_again(snapshot, reader);
  if (snapshot.offset() <= overview_->offset) return {};
  absl::flat_hash_set<std::string> touched;
  bool is_little = snapshot.offset().number - overview_->offset.number <= commits_behind_max;
  if (is_little) {
    const auto read = touched_since(reader, touched);
    if (!read) return read.error();
    is_little = *read;
  }
  if (!is_little) {
    // While an import goes on, far tiles may be some seconds old.
    if (std::chrono::steady_clock::now() - read_at_ < read_again_interval) {
      changes_.add_all(snapshot.offset());
      return {};
    }
    return read_again(snapshot, reader);
  }
  const auto before = thread_.snapshot_at(overview_->offset);
  if (!before) return before.error();
  // Whoever makes a tile from it meanwhile keeps it as it was.
  auto next = touched.empty() || overview_.use_count() == 1 ? overview_ : std::make_shared<Overview>(*overview_);
  for (const std::string& id : touched) {
    for (const auto& moment : {*before, snapshot}) {
      const auto record = moment.find(id);
      if (!record) return record.error();
      if (const auto draft = reader.read(*record)) changes_.add(snapshot.offset(), world_box(draft->geometry));
      if (moment.offset() < snapshot.offset()) continue;
      next->items.erase(id);
      take(reader, *record, *next);
    }
  }
  next->offset = snapshot.offset();
  overview_ = std::move(next);
  return {};
}

base::Result<std::shared_ptr<const Overview>> RecordTiles::past_overview(const thread::Snapshot& snapshot,
                                                                         const VectorReader& reader) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& overview : past_) {
      if (overview->offset == snapshot.offset()) return overview;
    }
  }
  auto made = read_overview(snapshot, reader);
  if (!made) return made.error();
  const std::lock_guard lock(mutex_);
  past_.push_front(*made);
  if (past_.size() > past_kept) past_.pop_back();
  return past_.front();
}

base::Status RecordTiles::read_near(const TileAddress& tile, const thread::Snapshot& snapshot,
                                    const VectorReader& reader, std::vector<VectorDraft>& drafts) const {
  const twin::Box box = box_of(tile, static_cast<double>(tile_buffer) / tile_extent);
  twin::GeoQuery geo;
  geo.relation = twin::GeoRelation::intersects;
  geo.reference.kind = twin::GeometryKind::polygon;
  geo.reference.positions = {{box.west_deg, box.south_deg},
                             {box.east_deg, box.south_deg},
                             {box.east_deg, box.north_deg},
                             {box.west_deg, box.north_deg},
                             {box.west_deg, box.south_deg}};
  geo.reference.line_ends = {5};
  twin::Query query;
  query.geo = std::move(geo);
  const auto visit = [&](const twin::EntityRecord& record) {
    auto draft = reader.read(record);
    if (draft && draft->zoom_least <= tile.z) drafts.push_back(std::move(*draft));
    return true;
  };
  const auto status = snapshot.each(query, visit, {records_max, nullptr});
  if (!status && status.error().code == Code::cancelled) {
    return fail(Code::too_complex, "there is too much in this tile", {}, "ask for tiles of a later zoom");
  }
  return status;
}

TilePointer RecordTiles::pack(const TileAddress& tile, std::vector<VectorDraft> drafts) const {
  // The most important first: what does not fit is at the end.
  std::sort(drafts.begin(), drafts.end(), [](const VectorDraft& a, const VectorDraft& b) {
    if (a.zoom_least != b.zoom_least) return a.zoom_least < b.zoom_least;
    if (a.size != b.size) return a.size > b.size;
    return a.number < b.number;
  });
  auto made = std::make_shared<VectorTile>();
  std::array<TileLayer, vector_layer_count> layers;
  for (size_t i = 0; i < layers.size(); ++i) layers[i].name = name_of(static_cast<VectorLayer>(i));
  size_t bytes = 0;
  const Generalisation how{tile.z >= vector_zoom_max ? 1.0 : tile.z >= 14 ? 2.0 : 4.0, 2};
  for (VectorDraft& draft : drafts) {
    if (made->features == options_.features_max || bytes > options_.tile_bytes_max) {
      ++made->dropped;
      continue;
    }
    TileFeature feature{draft.number, std::move(draft.attributes), tile_geometry(draft.geometry, tile, how)};
    if (feature.geometry.kind == TileGeometry::Kind::none) continue;
    bytes += 12;
    for (const TileLine& line : feature.geometry.lines) bytes += 3 + 3 * line.size();
    for (const auto& [name, value] : feature.attributes) {
      const auto* text = std::get_if<std::string>(&value);
      bytes += 4 + (text != nullptr && (name == "id" || name.starts_with("name")) ? text->size() : 0);
    }
    layers[static_cast<size_t>(draft.layer)].features.push_back(std::move(feature));
    ++made->features;
  }
  for (TileLayer& layer : layers) {
    std::sort(layer.features.begin(), layer.features.end(),
              [](const TileFeature& a, const TileFeature& b) { return a.id < b.id; });
  }
  made->bytes = make_mvt({layers.begin(), layers.end()});
  char text[24];
  std::snprintf(text, sizeof text, "\"%016llx\"",
                static_cast<unsigned long long>(XXH3_64bits(made->bytes.data(), made->bytes.size())));
  made->etag = text;
  return made;
}

base::Result<TilePointer> RecordTiles::make(const TileAddress& tile, const thread::Snapshot& snapshot,
                                            const VectorReader& reader, const Overview& overview) const {
  std::vector<VectorDraft> drafts;
  if (tile.z > overview_zoom_max) {
    if (const auto status = read_near(tile, snapshot, reader, drafts); !status) return status.error();
    return pack(tile, std::move(drafts));
  }
  const WorldBox box = world_box(tile);
  for (const auto& [id, item] : overview.items) {
    if (item.zoom_least > tile.z || !item.box.meets(box)) continue;
    const auto record = snapshot.find(id);
    if (!record) return record.error();
    if (auto draft = reader.read(*record)) drafts.push_back(std::move(*draft));
  }
  return pack(tile, std::move(drafts));
}

base::Result<TilePointer> RecordTiles::find(const TileAddress& tile, std::optional<Offset> as_of) {
  if (tile.z > vector_zoom_max) return fail(Code::not_found, "there are tiles up to zoom 16", std::to_string(tile.z));
  const VectorReader reader(thread_.terms());
  std::string key = std::to_string(tile.z) + "/" + std::to_string(tile.x) + "/" + std::to_string(tile.y);
  if (as_of) key += "@" + std::to_string(as_of->number);
  const thread::Snapshot snapshot = thread_.snapshot();
  std::shared_ptr<const Overview> overview;
  {
    const std::lock_guard lock(mutex_);
    if (!as_of) {
      if (const auto status = follow(snapshot, reader); !status) return status.error();
    }
    if (auto* entry = cache_.find(key)) {
      const bool is_right = as_of || !changes_.are_any(entry->offset, world_box(tile));
      if (is_right && !as_of) entry->offset = std::max(entry->offset, snapshot.offset());
      if (is_right) return entry->tile;
    }
    overview = overview_;
  }
  thread::Snapshot wanted = snapshot;
  if (as_of) {
    const auto past = thread_.snapshot_at(*as_of);
    if (!past) return past.error();
    wanted = *past;
    if (tile.z <= overview_zoom_max) {
      const auto read = past_overview(wanted, reader);
      if (!read) return read.error();
      overview = *read;
    }
  }
  static const Overview nothing;
  auto made = make(tile, wanted, reader, overview ? *overview : nothing);
  if (!made) return made.error();
  const std::lock_guard lock(mutex_);
  cache_.put(key, *made, wanted.offset());
  return made;
}

base::Result<std::optional<twin::Box>> RecordTiles::bounds() {
  const VectorReader reader(thread_.terms());
  const std::lock_guard lock(mutex_);
  if (const auto status = follow(thread_.snapshot(), reader); !status) return status.error();
  const WorldBox& all = overview_->all;
  if (all.west > all.east) return std::optional<twin::Box>();
  const twin::Position low = position_of(WorldPoint{all.west, all.south});
  const twin::Position high = position_of(WorldPoint{all.east, all.north});
  return std::optional(twin::Box{low.longitude_deg, low.latitude_deg, high.longitude_deg, high.latitude_deg});
}

}  // namespace

std::unique_ptr<VectorTiles> VectorTiles::of(thread::Thread& thread, VectorOptions options) {
  return std::make_unique<RecordTiles>(thread, options);
}

}  // namespace cityloom::space
