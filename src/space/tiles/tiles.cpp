// One worker follows the feed and keeps the trees in step; whoever asks for a tile makes it, once.
#include "space/tiles/tiles.hpp"

#include <absl/container/flat_hash_set.h>
#include <xxhash.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "space/tiles/content_cache.hpp"
#include "space/tiles/tile_content.hpp"
#include "space/tiles/tile_index.hpp"
#include "space/tiles/tileset.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr size_t feed_commits = 256;
constexpr size_t changed_tiles_max = 1'000;
// Past this many changed entities, or facts to look through, reading the whole layer is as quick.
constexpr size_t past_entities_max = 50'000;
constexpr size_t past_facts_max = 1'000'000;

// What a layer draws from one offset until another.
struct Picture {
  thread::Offset from, until;
  TileNodePointer tree;
  uint64_t cost = 0;  // items that only this one may hold
};

// Pictures of the past, the least used go first.
class PastPictures {
 public:
  explicit PastPictures(size_t items_max) : items_max_(items_max) {}

  std::optional<Picture> find(thread::Offset offset) {
    return find_where([&](const Picture& picture) { return picture.from <= offset && offset <= picture.until; });
  }
  std::optional<Picture> find_version(std::string_view version) {
    return find_where([&](const Picture& picture) { return version_text(picture.tree) == version; });
  }
  void add(Picture picture) {
    items_ += picture.cost;
    pictures_.push_front(std::move(picture));
    while (pictures_.size() > 1 && (items_ > items_max_ || pictures_.size() > pictures_max)) {
      items_ -= pictures_.back().cost;
      pictures_.pop_back();
    }
  }

 private:
  template <class Fits>
  std::optional<Picture> find_where(const Fits& fits) {
    const auto found = std::find_if(pictures_.begin(), pictures_.end(), fits);
    if (found == pictures_.end()) return {};
    Picture picture = std::move(*found);
    pictures_.erase(found);
    pictures_.push_front(picture);
    return picture;
  }
  static constexpr size_t pictures_max = 64;
  std::deque<Picture> pictures_;
  size_t items_max_;
  size_t items_ = 0;
};

// One layer: its index is changed by the worker only, its pictures are guarded by the mutex of all.
struct LayerState {
  LayerState(const Layer& drawn, const TileOptions& options)
      : layer(drawn), index(layer, texts, options.items_per_tile_max), past(options.past_items_max) {}
  const Layer& layer;
  TextPool texts;
  std::mutex changing;  // held by who changes or copies the index; taken before the mutex of all
  TileIndex index;
  thread::Offset index_until;
  std::mutex reading_past;  // one reads the past at a time; taken before the mutex of all
  Picture now;
  PastPictures past;
};

class FollowingTiles final : public CityTiles {
 public:
  FollowingTiles(thread::Thread& thread, TileOptions options)
      : thread_(thread), options_(options), cache_(options.cache_bytes_max) {
    for (const Layer& layer : all_layers()) layers_.push_back(std::make_unique<LayerState>(layer, options_));
    token_ = thread_.on_head([this](thread::Offset) { hear_news(); });
    if (options_.ground != nullptr) ground_token_ = options_.ground->on_change([this] { hear_news(); });
    worker_ = std::thread([this] { follow_feed(); });
  }

  ~FollowingTiles() override {
    token_.reset();
    ground_token_.reset();
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      changed_.notify_all();
    }
    worker_.join();
  }

  bool ready() const override {
    const std::lock_guard lock(mutex_);
    return is_ready_;
  }
  Result<ContentPointer> find(const TileRequest& request) override;
  base::Status wait_for(thread::Offset offset, int64_t timeout_ms) override;
  Counts counts(std::string_view layer) const override;

 private:
  void hear_news() {
    const std::lock_guard lock(mutex_);
    has_news_ = true;
    changed_.notify_all();
  }
  void follow_feed();
  void read_all();
  bool read_feed();
  void fail_with(const base::Error& error);
  LayerState* find_layer(std::string_view name) const;
  LayerContext context_now() const;
  Result<Picture> picture_as_of(LayerState& layer, std::optional<thread::Offset> as_of);
  std::optional<std::vector<std::string>> changed_between(const TileIndex& index, thread::Offset one,
                                                          thread::Offset other) const;
  Result<ContentPointer> find_changes(LayerState& layer, std::string_view version, const Picture& picture);
  Result<ContentPointer> find_glb(LayerState& layer, const Picture& picture, const TileNodePointer& node,
                                  const TileRequest& request);
  Result<ContentPointer> make(LayerState& layer, const Picture& picture, const TileNode& node, bool is_plain) const;

  thread::Thread& thread_;
  TileOptions options_;
  std::vector<std::unique_ptr<LayerState>> layers_;

  // The worker's own.
  thread::Offset read_until_;
  uint64_t ground_version_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ready_ = false;
  thread::Offset shown_until_;
  std::optional<base::Error> error_;
  ContentCache cache_;
  absl::flat_hash_set<std::string> being_made_;
  uint64_t contents_made_ = 0;
  bool has_news_ = true;
  bool is_stopping_ = false;

  thread::Thread::Token token_;
  std::shared_ptr<void> ground_token_;
  std::thread worker_;
};

ContentPointer make_content(const char* type, std::string bytes) {
  const std::string etag = etag_of(XXH3_64bits(bytes.data(), bytes.size()));
  return std::make_shared<const TileContent>(TileContent{type, std::move(bytes), etag});
}

void FollowingTiles::fail_with(const base::Error& error) {
  const std::lock_guard lock(mutex_);
  error_ = error;
}

void FollowingTiles::read_all() {
  const auto snapshot = thread_.snapshot();
  ground_version_ = options_.ground == nullptr ? 0 : options_.ground->version();
  const LayerContext context = context_now();
  for (const auto& layer : layers_) {
    const std::lock_guard changing(layer->changing);
    layer->index.set_context(context);
    layer->index_until = snapshot.offset();
    if (auto status = layer->index.read_all(snapshot); !status) return fail_with(status.error());
  }
  const std::lock_guard lock(mutex_);
  read_until_ = shown_until_ = snapshot.offset();
  for (const auto& layer : layers_) {
    if (is_ready_) layer->past.add(std::move(layer->now));
    layer->now = {read_until_, read_until_, layer->index.tree(), layer->index.count()};
  }
  is_ready_ = true;
  changed_.notify_all();
}

// True when there was something to read.
bool FollowingTiles::read_feed() {
  const auto commits = thread_.feed(read_until_, feed_commits);
  if (!commits) fail_with(commits.error());
  if (!commits || commits->empty()) return false;
  const thread::Offset until = commits->back()->offset;
  const auto snapshot = thread_.snapshot_at(until);
  if (!snapshot) {
    fail_with(snapshot.error());
    return false;
  }
  const LayerContext context = context_now();
  for (const auto& layer : layers_) {
    {
      const std::lock_guard changing(layer->changing);
      layer->index.set_context(context);
    }
    absl::flat_hash_set<std::string> touched;
    std::string_view last;  // facts of one entity lie side by side
    for (const auto& commit : *commits) {
      if (commit->branch != thread::main_branch) continue;
      for (const twin::Fact& fact : commit->facts) {
        if (fact.entity_id == last || !layer->index.concerns(fact)) continue;
        touched.insert(fact.entity_id);
        last = fact.entity_id;
      }
    }
    const std::lock_guard changing(layer->changing);
    const uint64_t copied = layer->index.items_copied();
    const auto is_changed = layer->index.update({touched.begin(), touched.end()}, *snapshot);
    layer->index_until = until;
    if (!is_changed) {
      fail_with(is_changed.error());
      return false;
    }
    const std::lock_guard lock(mutex_);
    if (*is_changed) {
      layer->now.cost = layer->index.items_copied() - copied;
      layer->past.add(layer->now);
      layer->now = {until, until, layer->index.tree(), 0};
    }
    layer->now.until = until;
  }
  read_until_ = until;
  const std::lock_guard lock(mutex_);
  shown_until_ = until;
  changed_.notify_all();
  return true;
}

void FollowingTiles::follow_feed() {
  read_all();
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return has_news_ || is_stopping_; });
      if (is_stopping_) return;
      has_news_ = false;
    }
    while (read_feed()) {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) return;
    }
    if (options_.ground != nullptr && options_.ground->version() != ground_version_) read_all();
  }
}

base::Status FollowingTiles::wait_for(thread::Offset offset, int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  const bool reached = changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                         [&] { return is_ready_ && shown_until_ >= offset; });
  if (reached) return {};
  return error_ ? base::Status(*error_) : base::Status(fail(Code::timeout, "the tiles are not there yet"));
}

LayerState* FollowingTiles::find_layer(std::string_view name) const {
  const auto found =
      std::find_if(layers_.begin(), layers_.end(), [&](const auto& layer) { return layer->layer.name == name; });
  return found == layers_.end() ? nullptr : found->get();
}

CityTiles::Counts FollowingTiles::counts(std::string_view name) const {
  Counts counts;
  const LayerState* layer = find_layer(name);
  if (layer == nullptr) return counts;
  TileNodePointer tree;
  {
    const std::lock_guard lock(mutex_);
    tree = layer->now.tree;
    counts.contents_made = contents_made_;
  }
  std::tie(counts.tiles, counts.index_bytes) = count_tiles(tileset_root(tree));
  counts.features = tree ? tree->count : 0;
  return counts;
}

LayerContext FollowingTiles::context_now() const {
  return {Vocabulary::find(thread_.terms()), &thread_.terms(), options_.ground};
}

// The entities that may look otherwise at one moment than at another; none where that is too much to look through.
std::optional<std::vector<std::string>> FollowingTiles::changed_between(const TileIndex& index, thread::Offset one,
                                                                        thread::Offset other) const {
  thread::Offset at = std::min(one, other);
  const thread::Offset until = std::max(one, other);
  absl::flat_hash_set<std::string> ids;
  size_t facts = 0;
  while (at < until) {
    const auto commits = thread_.feed(at, feed_commits);
    if (!commits || commits->empty()) return {};
    for (const auto& commit : *commits) {
      at = commit->offset;
      if (at > until) break;
      facts += commit->facts.size();
      if (commit->branch != thread::main_branch) continue;
      for (const twin::Fact& fact : commit->facts) {
        if (index.may_have_concerned(fact)) ids.insert(fact.entity_id);
      }
    }
    if (ids.size() > past_entities_max || facts > past_facts_max) return {};
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

Result<Picture> FollowingTiles::picture_as_of(LayerState& layer, std::optional<thread::Offset> as_of) {
  const auto find_known = [&]() -> Result<std::optional<Picture>> {
    const std::lock_guard lock(mutex_);
    if (!is_ready_) return error_ ? *error_ : fail(Code::unavailable, "The city is being read", {}, "Try again soon");
    if (!as_of || (layer.now.from <= *as_of && *as_of <= layer.now.until)) return std::optional(layer.now);
    return layer.past.find(*as_of);
  };
  auto known = find_known();
  if (!known) return known.error();
  if (*known) return **known;
  const std::lock_guard reading(layer.reading_past);
  known = find_known();  // whoever read before us may have asked for the same
  if (!known) return known.error();
  if (*known) return **known;
  const auto snapshot = thread_.snapshot_at(*as_of);
  if (!snapshot) return snapshot.error();
  auto [index, index_until] = [&] {
    const std::lock_guard changing(layer.changing);
    return std::pair(layer.index, layer.index_until);
  }();
  const uint64_t copied = index.items_copied();
  const auto ids = changed_between(index, index_until, *as_of);
  const bool is_near = ids && index.update(*ids, *snapshot).ok();
  if (!is_near) {
    if (auto status = index.read_all(*snapshot); !status) return status.error();
  }
  const Picture picture{*as_of, *as_of, index.tree(), is_near ? index.items_copied() - copied : index.count()};
  const std::lock_guard lock(mutex_);
  layer.past.add(picture);
  return picture;
}

Result<ContentPointer> FollowingTiles::find_changes(LayerState& layer, std::string_view version,
                                                    const Picture& picture) {
  std::optional<Picture> before;
  {
    const std::lock_guard lock(mutex_);
    if (version_text(layer.now.tree) == version) before = layer.now;
    if (!before) before = layer.past.find_version(version);
  }
  std::string json = "{\"version\":\"" + version_text(picture.tree) + "\",\"changed\":";
  const auto changed = before ? changed_tiles(before->tree, picture.tree, changed_tiles_max) : std::nullopt;
  if (!changed) return make_content("application/json", json + "null}");
  json += "[";
  for (size_t i = 0; i < changed->size(); ++i) json += (i == 0 ? "\"" : ",\"") + (*changed)[i] + "\"";
  return make_content("application/json", json + "]}");
}

Result<ContentPointer> FollowingTiles::make(LayerState& layer, const Picture& picture, const TileNode& node,
                                            bool is_plain) const {
  const auto snapshot = thread_.snapshot_at(picture.until);
  if (!snapshot) return snapshot.error();
  GlbOptions options;
  options.is_compressed = !is_plain;
  options.assets = [this](std::string_view hash) { return thread_.asset(std::string(hash)); };
  auto bytes =
      make_tile(node, layer.layer, context_now(), layer.texts, *snapshot, options_.items_per_tile_max, options);
  if (!bytes) return bytes.error();
  return std::make_shared<const TileContent>(
      TileContent{"model/gltf-binary", std::move(*bytes), etag_of(node.version() + (is_plain ? 1 : 0))});
}

Result<ContentPointer> FollowingTiles::find_glb(LayerState& layer, const Picture& picture, const TileNodePointer& node,
                                                const TileRequest& request) {
  const std::string key = layer.layer.name + (request.is_plain ? "-" : "+") + etag_of(node->version());
  std::unique_lock lock(mutex_);
  // Several may ask for one tile at once: one makes it, the others wait.
  changed_.wait(lock, [&] { return !being_made_.contains(key); });
  if (ContentPointer made = cache_.find(key)) return made;
  being_made_.insert(key);
  lock.unlock();
  Result<ContentPointer> content =
      fail(Code::too_large, "There is not enough memory for this tile", std::string(request.path));
  try {
    content = make(layer, picture, *node, request.is_plain);
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

Result<ContentPointer> FollowingTiles::find(const TileRequest& request) {
  LayerState* layer = find_layer(request.layer);
  if (layer == nullptr) return fail(Code::not_found, "There is no such layer of tiles", std::string(request.layer));
  const auto picture = picture_as_of(*layer, request.as_of);
  if (!picture) return picture.error();
  std::string query;
  if (request.as_of) query = "asOf=" + std::to_string(picture->from.number);
  if (request.is_plain) query += query.empty() ? "plain=1" : "&plain=1";
  if (!query.empty()) query.insert(0, "?");
  if (request.path == "tileset.json") return make_content("application/json", tileset_json(picture->tree, query));
  constexpr std::string_view changes = "changes/", json = ".json";
  if (request.path.starts_with(changes) && request.path.ends_with(json)) {
    const auto version = request.path.substr(changes.size(), request.path.size() - changes.size() - json.size());
    return find_changes(*layer, version, *picture);
  }
  const auto path = read_tile_path(request.path);
  const TileNodePointer node = path ? find_tile(picture->tree, path->cell) : nullptr;
  if (!node) return fail(Code::not_found, "There is no such tile", std::string(request.path));
  if (path->is_subtree) return make_content("application/octet-stream", subtree_file(*node));
  return find_glb(*layer, *picture, node, request);
}

}  // namespace

std::unique_ptr<CityTiles> CityTiles::follow(thread::Thread& thread, TileOptions options) {
  return std::make_unique<FollowingTiles>(thread, options);
}

}  // namespace cityloom::space
