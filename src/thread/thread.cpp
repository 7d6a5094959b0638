#include "thread/thread.hpp"

#include <xxhash.h>

#include <future>

#include "thread/appender.hpp"

namespace cityloom::thread {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

struct Thread::Parts {
  Parts(std::unique_ptr<Store> store_, const base::Clock& clock_, const Options& options)
      : store(std::move(store_)),
        clock(clock_),
        kept_views(std::make_unique<Views>(*store, options)),
        views(*kept_views),
        piece_bytes_max(std::max<size_t>(options.feed_bytes_in_memory / 4, 1u << 20)) {}
  // Giving back a city record by record reads all of it from the disk once more, only to forget it: the process's end
  // does that at no cost.
  ~Parts() {
    appender.reset();
    if (views.paged_bytes() > left_paged_bytes_min) (void)kept_views.release();
  }
  static constexpr size_t left_paged_bytes_min = 256u << 20;

  std::unique_ptr<Store> store;
  const base::Clock& clock;
  twin::TermTable terms;
  std::unique_ptr<Views> kept_views;
  Views& views;
  const size_t piece_bytes_max;  // of packed commits that a follower is given at once
  std::unique_ptr<Appender> appender;
};

namespace {

constexpr std::string_view format_key = "format";
constexpr std::string_view first_format = "cityloom record 1";  // each commit alone: they are read as they are
constexpr std::string_view format = "cityloom record 2";        // pages of commits, which older programs would misread

Status check_format(Store& store) {
  const auto stored = store.get(Family::settings, format_key);
  if (!stored) return stored.error();
  if (!stored->has_value() || **stored == first_format) {
    Batch batch;
    batch.put(Family::settings, std::string(format_key), std::string(format));
    return store.write(batch, Durability::synced);
  }
  if (**stored != format) {
    return fail(Code::corrupt, "the record was written by another version of the program: " + **stored, {},
                "open it with that version, or restore a backup");
  }
  return {};
}

Status load_terms(const Store& store, twin::TermTable& terms) {
  Status read;
  const Status scanned = store.scan(Family::terms, "", "", [&](std::string_view key, std::string_view value) {
    read = key.size() == 4 ? terms.restore({big_endian_32(key, 0)}, value)
                           : Status(fail(Code::corrupt, "a stored name cannot be read"));
    return read.ok();
  });
  return scanned ? read : scanned;
}

Status write_checkpoint(Store& store, Views& views) {
  Batch batch;
  views.collect(batch);
  if (const Status written = store.write(batch, Durability::ordered); !written) return written;
  views.settle();
  return {};
}

// Adds the commits of a stored page that follow `folded` to the stage. A fork sees all before it, so it stands alone:
// `goes_on` says whether the stage takes more.
Status add_page(std::string_view value, Offset folded, Stage& stage, bool& goes_on) {
  auto page = unpack_page(value);
  if (!page) return page.error();
  for (Commit& commit : *page) {
    const Offset before = stage.commits.empty() ? folded : stage.commits.back()->offset;
    if (commit.offset <= before) continue;
    if (commit.offset.number != before.number + 1)
      return fail(Code::corrupt, "a commit is missing", "offset " + std::to_string(before.number + 1));
    const bool is_event = commit.branch_event.kind != BranchEvent::Kind::none;
    goes_on = !is_event;
    if (is_event && !stage.commits.empty()) return {};
    stage.bytes.push_back(held_bytes(commit, value.size() / page->size()));
    stage.commits.push_back(std::make_shared<const Commit>(std::move(commit)));
    if (is_event) return {};
  }
  return {};
}

// Folds the commits that the stored views do not cover yet.
Status fold_tail(Store& store, Views& views, const Options& options,
                 const std::function<void(Offset, Offset)>& progress) {
  const auto last = store.last_before(Family::commits, "");
  if (!last) return last.error();
  const Offset head{last->has_value() ? big_endian_64((*last)->first, 0) : 0};
  if (head < views.head()) {
    return fail(Code::corrupt, "the views are ahead of the commits", {}, "restore the record from a backup");
  }
  constexpr size_t group_max = 2'000;
  Stage stage;
  while (views.head() < head) {
    stage.clear();
    const auto& commits = stage.commits;
    Status read;
    const Status scanned = store.scan(Family::commits, offset_key({views.head().number + 1}), "",
                                      [&](std::string_view, std::string_view value) {
                                        bool goes_on = true;
                                        read = add_page(value, views.head(), stage, goes_on);
                                        return read.ok() && goes_on && commits.size() < group_max;
                                      });
    if (!scanned) return scanned;
    if (!read && commits.empty()) return read;
    for (const auto& commit : commits) {
      if (const Status staged = views.stage(stage, *commit); !staged) return staged;
    }
    if (const Status published = views.publish(stage); !published) return published;
    if (views.dirty_bytes() > options.dirty_bytes_max) {
      if (const Status written = write_checkpoint(store, views); !written) return written;
    }
    if (progress) progress(views.head(), head);
  }
  return {};
}

base::Status check_branch_name(std::string_view name) {
  const bool legal = !name.empty() && name.size() <= 64 &&
                     name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
                         std::string_view::npos;
  if (!legal)
    return fail(Code::invalid, "a branch's name has 1 to 64 letters, digits, '-', '_' or '.'",
                std::string(name.substr(0, 64)));
  return {};
}

}  // namespace

Thread::Thread(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Thread::~Thread() = default;

Result<std::unique_ptr<Thread>> Thread::open(std::unique_ptr<Store> store, const base::Clock& clock, Options options,
                                             const std::function<void(Offset, Offset)>& progress) {
  auto parts = std::make_unique<Parts>(std::move(store), clock, options);
  if (const Status known = check_format(*parts->store); !known) return known.error();
  if (const Status loaded = load_terms(*parts->store, parts->terms); !loaded) return loaded.error();
  if (const Status loaded = parts->views.load(); !loaded) return loaded.error();
  if (const Status folded = fold_tail(*parts->store, parts->views, options, progress); !folded) return folded.error();
  parts->appender = std::make_unique<Appender>(*parts->store, parts->views, parts->terms, clock, options);
  return std::unique_ptr<Thread>(new Thread(std::move(parts)));
}

void Thread::submit(ChangeSet changes, Completion done) {
  parts_->appender->submit(std::move(changes), std::move(done));
}

Result<Outcomes> Thread::append(ChangeSet changes) {
  std::promise<Result<Outcomes>> promise;
  auto outcome = promise.get_future();
  submit(std::move(changes), [&](Result<Outcomes> outcomes) { promise.set_value(std::move(outcomes)); });
  return outcome.get();
}

void Thread::set_guard(std::shared_ptr<const Guard> guard) {
  parts_->appender->set_guard(std::move(guard));
}

twin::TermTable& Thread::terms() {
  return parts_->terms;
}
const twin::TermTable& Thread::terms() const {
  return parts_->terms;
}

Snapshot Thread::snapshot(BranchId branch) const {
  // The head before the clock: its commits were recorded before.
  const Offset head = parts_->views.head();
  return Snapshot(parts_->views, branch, head, std::max(parts_->clock.now(), parts_->views.head_time()));
}

Result<Snapshot> Thread::snapshot_at(Offset offset, BranchId branch) const {
  const Views& views = parts_->views;
  if (views.branch(branch) == nullptr)
    return fail(Code::not_found, "there is no such branch", std::to_string(branch.number), "list the branches");
  if (offset >= views.head()) return snapshot(branch);
  if (offset.number == 0) return Snapshot(views, branch, offset, base::Instant{0});
  const auto time = views.recorded_at(offset);
  if (!time) return time.error();
  return Snapshot(views, branch, offset, *time);
}

Result<Snapshot> Thread::snapshot_at(base::Instant time, BranchId branch) const {
  const auto offset = parts_->views.offset_at(time);
  if (!offset) return offset.error();
  return snapshot_at(*offset, branch);
}

Result<BranchId> Thread::fork(std::string name, BranchId parent, std::optional<Offset> at, std::string author) {
  if (const Status legal = check_branch_name(name); !legal) return legal.error();
  BranchEvent event;
  event.kind = BranchEvent::Kind::forked;
  event.parent = parent;
  event.name = std::move(name);
  return parts_->appender->append(std::move(event), at, std::move(author));
}

Status Thread::drop(BranchId branch, std::string author) {
  if (branch == main_branch) return fail(Code::invalid, "main cannot be dropped");
  BranchEvent event;
  event.kind = BranchEvent::Kind::dropped;
  event.branch = branch;
  const auto dropped = parts_->appender->append(std::move(event), {}, std::move(author));
  return dropped ? Status() : Status(dropped.error());
}

std::vector<BranchInfo> Thread::branches() const {
  return parts_->views.branches();
}
std::optional<BranchId> Thread::find_branch(std::string_view name) const {
  return parts_->views.find_branch(name);
}
Offset Thread::head() const {
  return parts_->views.head();
}
Result<base::Instant> Thread::recorded_at(Offset offset) const {
  return parts_->views.recorded_at(offset);
}

Result<std::vector<std::shared_ptr<const Commit>>> Thread::feed(Offset after, size_t limit, size_t bytes_max) const {
  using Commits = std::vector<std::shared_ptr<const Commit>>;
  const Offset head = parts_->views.head();
  if (after >= head) return Commits();
  limit = static_cast<size_t>(std::min<uint64_t>(limit, head.number - after.number));
  // As facts commits take some ten times what they are packed: several followers that are behind hold a piece each.
  bytes_max = std::min(bytes_max, parts_->piece_bytes_max);
  if (auto recent = parts_->views.recent().after(after, limit, bytes_max)) return std::move(*recent);
  Commits commits;
  size_t bytes = 0;
  Status read;
  const Status scanned =
      parts_->store->scan(Family::commits, offset_key({after.number + 1}), offset_key({head.number + 1}),
                          [&](std::string_view, std::string_view value) {
                            auto page = unpack_page(value);
                            if (!page) {
                              read = page.error();
                              return false;
                            }
                            for (Commit& commit : *page) {
                              if (commit.offset <= after || commits.size() >= limit || bytes >= bytes_max) continue;
                              commits.push_back(std::make_shared<const Commit>(std::move(commit)));
                              bytes += value.size() / page->size();
                            }
                            return commits.size() < limit && bytes < bytes_max;
                          });
  if (!scanned) return scanned.error();
  if (!read) return read.error();
  return commits;
}

Thread::Token Thread::on_head(std::function<void(Offset)> heard) {
  return parts_->appender->on_head(std::move(heard));
}

Result<std::optional<Offset>> Thread::follower_offset(std::string_view name) const {
  return parts_->appender->follower_offset(name);
}

Status Thread::set_follower_offset(std::string_view name, Offset offset) {
  parts_->appender->set_follower_offset(name, offset);
  return {};
}

Result<std::string> Thread::put_asset(std::string_view bytes) {
  return write_asset(*parts_->store, bytes, [this](const Batch& batch, Durability durability) {
    Status written = parts_->store->write(batch, durability);
    if (!written) parts_->appender->poison(written.error());
    return written;
  });
}

Result<std::shared_ptr<const std::string>> Thread::asset(std::string_view sha256) const {
  return read_asset(*parts_->store, sha256);
}

Status Thread::checkpoint() {
  return parts_->appender->run([this] {
    Status written = parts_->appender->checkpoint();
    if (written) written = parts_->store->flush();
    // Nothing that comes later could be trusted to the disk: this shows at once, not only at the next change.
    if (!written) parts_->appender->poison(written.error());
    return written;
  });
}

Status Thread::backup(const std::string& folder) {
  // Between batches, so that the copy's views are not behind its commits by more than a checkpoint.
  return parts_->appender->run([&] {
    if (const Status written = parts_->appender->checkpoint(); !written) return written;
    return parts_->store->backup(folder);
  });
}

ThreadStatus Thread::status() const {
  ThreadStatus status;
  status.head = parts_->views.head();
  status.folded_on_disk = parts_->views.folded_on_disk();
  status.entities = parts_->views.main().live_count();
  status.terms = parts_->terms.last();
  status.memory_bytes = parts_->views.main().memory_bytes();
  parts_->appender->fill(status);
  return status;
}

uint64_t Thread::size_bytes(Family family) const {
  return parts_->store->size_bytes(family);
}

Result<uint64_t> Thread::views_digest() {
  uint64_t digest = 0;
  const Status done = parts_->appender->run([&] {
    if (const Status written = parts_->appender->checkpoint(); !written) return written;
    XXH3_state_t* state = XXH3_createState();
    XXH3_64bits_reset(state);
    Status scanned;
    for (const Family family : view_families) {
      if (!scanned) break;
      scanned = parts_->store->scan(family, "", "", [&](std::string_view key, std::string_view value) {
        const uint64_t sizes[2] = {key.size(), value.size()};
        XXH3_64bits_update(state, sizes, sizeof(sizes));
        XXH3_64bits_update(state, key.data(), key.size());
        XXH3_64bits_update(state, value.data(), value.size());
        return true;
      });
    }
    digest = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return scanned;
  });
  if (!done) return done.error();
  return digest;
}

Status clear_views(Store& store) {
  for (const Family family : view_families) {
    if (const Status cleared = store.clear(family); !cleared) return cleared;
  }
  return {};
}

}  // namespace cityloom::thread
