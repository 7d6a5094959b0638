// One worker follows the feed; a change of a model makes a new Relief, and readers go on with the one they hold.
#include "space/terrain/terrain.hpp"

#include <absl/container/flat_hash_set.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using ReliefPointer = std::shared_ptr<const Relief>;
constexpr size_t feed_commits = 256;

class FollowingTerrain final : public Terrain {
 public:
  FollowingTerrain(thread::Thread& thread, TerrainOptions options)
      : thread_(thread),
        cache_([&thread](std::string_view name) { return thread.asset(name); }, options.cache_bytes_max),
        relief_(std::make_shared<const Relief>(std::vector<TerrainModel>(), cache_)) {
    token_ = thread_.on_head([this](thread::Offset) {
      const std::lock_guard lock(mutex_);
      has_news_ = true;
      changed_.notify_all();
    });
    worker_ = std::thread([this] { follow_feed(); });
  }

  ~FollowingTerrain() override {
    token_.reset();
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      changed_.notify_all();
    }
    worker_.join();
  }

  ReliefPointer relief() const override {
    const std::lock_guard lock(mutex_);
    return relief_;
  }

  std::shared_ptr<const WaterAreas> water() const override {
    const std::lock_guard lock(mutex_);
    return water_;
  }

  base::Result<ReliefPointer> relief_at(thread::Offset offset) override {
    {
      const std::lock_guard lock(mutex_);
      if (is_read_ && offset >= relief_since_ && offset <= read_until_) return relief_;
    }
    const auto snapshot = thread_.snapshot_at(offset);
    if (!snapshot) return snapshot.error();
    auto models = read_models(*snapshot);
    if (!models) return std::move(models).error();
    auto relief = std::make_shared<const Relief>(std::move(*models), cache_);
    const std::lock_guard lock(mutex_);
    // The same terrain is the same object, so that who keeps something by it keeps it.
    if (relief->version() == relief_->version()) return relief_;
    return ReliefPointer(std::move(relief));
  }

  base::Status wait_for(thread::Offset offset, int64_t timeout_ms) override {
    std::unique_lock lock(mutex_);
    const bool reached = changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                           [&] { return is_read_ && read_until_ >= offset; });
    if (reached) return {};
    return error_ ? base::Status(*error_) : base::Status(fail(Code::timeout, "the terrain is not read yet"));
  }

  std::shared_ptr<void> on_change(std::function<void()> heard) override {
    const std::lock_guard lock(hearers_mutex_);
    const uint64_t id = next_hearer_++;
    hearers_[id] = std::move(heard);
    return std::shared_ptr<void>(nullptr, [this, id](void*) {
      const std::lock_guard inner(hearers_mutex_);
      hearers_.erase(id);
    });
  }

 private:
  base::Result<std::vector<TerrainModel>> read_models(const thread::Snapshot& snapshot) const {
    const TerrainTerms terms = TerrainTerms::find(thread_.terms());
    std::vector<TerrainModel> models;
    twin::Query query;
    query.types.any_of = {{terms.terrain_model}};
    const auto status = snapshot.each(query, [&](const twin::EntityRecord& record) {
      if (auto model = terrain_model_of(record, terms)) models.push_back(std::move(*model));
      return true;
    });
    if (!status) return status.error();
    return models;
  }

  // Which of both a commit may change. An entity is known by its type when it appears, after that by its id.
  void see(const thread::Commit& commit, twin::Term model_type, twin::Term water_type) {
    if (commit.branch != thread::main_branch) return;
    for (const twin::Fact& fact : commit.facts) {
      for (const twin::Term type : fact.types) {
        if (type == model_type) known_models_.insert(fact.entity_id);
        if (type == water_type) known_waters_.insert(fact.entity_id);
      }
      models_changed_ = models_changed_ || known_models_.contains(fact.entity_id);
      waters_changed_ = waters_changed_ || known_waters_.contains(fact.entity_id);
    }
  }

  void read_waters(const thread::Snapshot& snapshot) {
    const Vocabulary vocabulary = Vocabulary::find(thread_.terms());
    std::vector<twin::Geometry> areas;
    twin::Query query;
    query.types.any_of = {{vocabulary.water}};
    const auto status = snapshot.each(query, [&](const twin::EntityRecord& record) {
      known_waters_.insert(std::string(record.id()));
      record.each_attribute(vocabulary.location, [&](const twin::Attribute& attribute) {
        const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
        if (geometry != nullptr && !attribute.dataset.exists()) areas.push_back(*geometry);
        return true;
      });
      return true;
    });
    auto water = std::make_shared<const WaterAreas>(std::move(areas));
    const std::lock_guard lock(mutex_);
    if (!status) error_ = status.error();
    if (status) water_ = std::move(water);
  }

  void read_relief(const thread::Snapshot& snapshot) {
    auto models = read_models(snapshot);
    bool is_new = false;
    {
      ReliefPointer relief;
      if (models) {
        for (const TerrainModel& model : *models) known_models_.insert(model.id);
        relief = std::make_shared<const Relief>(std::move(*models), cache_);
      }
      const std::lock_guard lock(mutex_);
      if (!models) error_ = models.error();
      if (relief &&
          (!is_read_ || relief->version() != relief_->version() || relief->problems() != relief_->problems())) {
        is_new = relief->version() != relief_->version();
        relief_ = std::move(relief);
        relief_since_ = snapshot.offset();
      }
    }
    if (!is_new) return;
    const std::lock_guard lock(hearers_mutex_);
    for (const auto& [id, heard] : hearers_) heard();
  }

  void read_changes(thread::Offset offset) {
    const auto snapshot = thread_.snapshot_at(offset);
    if (snapshot && models_changed_) read_relief(*snapshot);
    if (snapshot && waters_changed_) read_waters(*snapshot);
    models_changed_ = waters_changed_ = false;
    const std::lock_guard lock(mutex_);
    if (!snapshot) error_ = snapshot.error();
    read_until_ = offset;
    is_read_ = true;
    changed_.notify_all();
  }

  // Everything up to the head, then what changed is read once: an import is many commits.
  void read_feed() {
    thread::Offset until = read_until_;
    while (true) {
      const auto commits = thread_.feed(until, feed_commits);
      if (!commits) {
        const std::lock_guard lock(mutex_);
        error_ = commits.error();
        break;
      }
      if (commits->empty()) break;
      // After the commits: what is looked up before them may be named by nobody yet.
      const twin::Term model_type = TerrainTerms::find(thread_.terms()).terrain_model;
      const twin::Term water_type = Vocabulary::find(thread_.terms()).water;
      for (const auto& commit : *commits) see(*commit, model_type, water_type);
      until = commits->back()->offset;
    }
    if (until > read_until_) read_changes(until);
  }

  void follow_feed() {
    models_changed_ = waters_changed_ = true;
    read_changes(thread_.head());
    while (true) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return has_news_ || is_stopping_; });
        if (is_stopping_) return;
        has_news_ = false;
      }
      read_feed();
    }
  }

  thread::Thread& thread_;
  BlockCache cache_;

  // The worker's own: ids, and what is to be read again.
  absl::flat_hash_set<std::string> known_models_, known_waters_;
  bool models_changed_ = false, waters_changed_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  ReliefPointer relief_;
  std::shared_ptr<const WaterAreas> water_ = std::make_shared<const WaterAreas>();
  thread::Offset relief_since_;
  thread::Offset read_until_;  // written by the worker alone
  std::optional<base::Error> error_;
  bool is_read_ = false;
  bool has_news_ = true;
  bool is_stopping_ = false;

  std::mutex hearers_mutex_;
  std::map<uint64_t, std::function<void()>> hearers_;
  uint64_t next_hearer_ = 1;

  thread::Thread::Token token_;
  std::thread worker_;
};

}  // namespace

std::unique_ptr<Terrain> Terrain::follow(thread::Thread& thread, TerrainOptions options) {
  return std::make_unique<FollowingTerrain>(thread, options);
}

}  // namespace cityloom::space
