#include "link/links.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "link/actor.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

/// A running link.
struct Entry {
  std::string name;
  std::shared_ptr<Board> board;
  std::shared_ptr<Waker> waker;
  std::unique_ptr<Actor> actor;
  std::thread worker;
};

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::connecting:
      return "connecting";
    case State::running:
      return "running";
    case State::waiting:
      return "waiting";
    case State::ended:
      return "ended";
    case State::failed:
      return "failed";
  }
  return "failed";
}

std::vector<std::string> search_folders(const std::string& city, const std::vector<std::string>& more) {
  std::vector<std::string> folders;
  if (!city.empty()) {
    std::error_code ignored;
    const auto path = std::filesystem::absolute(city, ignored).lexically_normal();
    const auto folder = path.has_filename() ? path : path.parent_path();
    folders = {folder.string(), folder.parent_path().string()};
  }
  folders.insert(folders.end(), more.begin(), more.end());
  return folders;
}

struct Links::Parts {
  thread::Thread& thread;
  const base::Clock& clock;
  Options options;

  mutable std::mutex mutex;  // guards entries and the flags
  std::vector<std::unique_ptr<Entry>> entries;
  bool is_started = false;
  std::atomic<bool> is_stopping = false;

  mutable std::mutex turn_mutex;
  mutable std::condition_variable turned;
  uint64_t turns = 0;

  void run(Entry& entry) {
    while (!is_stopping) {
      const Rest rest = entry.actor->turn();
      tell_turn();
      if (!is_stopping) entry.waker->rest(rest, clock);
    }
    entry.actor->stop();
    tell_turn();
  }
  void tell_turn() {
    {
      const std::lock_guard lock(turn_mutex);
      ++turns;
    }
    turned.notify_all();
  }
  void start(Entry& entry) {
    entry.worker = std::thread([this, &entry] { run(entry); });
  }
};

Links::Links(thread::Thread& thread, const base::Clock& clock, Options options)
    : parts_(new Parts{thread, clock, std::move(options), {}, {}, false, false, {}, {}, 0}) {}

Links::~Links() {
  stop();
}

base::Status Links::add(LinkDefinition definition) {
  const std::lock_guard lock(parts_->mutex);
  for (const auto& entry : parts_->entries) {
    if (entry->name == definition.name) {
      return fail(Code::already_exists, "a link of this name exists already: " + definition.name, definition.where,
                  "give one of them another name");
    }
  }
  auto mapper = Mapper::bind(definition.mappings, parts_->thread.terms(), definition.name);
  if (!mapper) return mapper.error();
  auto entry = std::make_unique<Entry>();
  entry->name = definition.name;
  entry->board = std::make_shared<Board>(definition);
  entry->waker = std::make_shared<Waker>();
  std::vector<std::string> folders = parts_->options.folders;
  folders.push_back(definition.folder.empty() ? "." : definition.folder);
  const bool is_replay = std::holds_alternative<ReplaySource>(definition.source);
  const bool is_push = std::holds_alternative<PushSource>(definition.source);
  const IntakeContext intake{parts_->thread, parts_->clock, parts_->options.gate,
                             entry->waker,   entry->board,  "link:" + definition.name};
  const uint64_t seed = parts_->options.seed + parts_->entries.size();
  ActorContext context{std::move(definition), std::move(*mapper), intake, std::move(folders), seed};
  entry->actor = is_replay ? make_replay_actor(std::move(context))
                 : is_push ? make_push_actor(std::move(context))
                           : make_mqtt_actor(std::move(context));
  parts_->entries.push_back(std::move(entry));
  if (parts_->is_started && !parts_->is_stopping) parts_->start(*parts_->entries.back());
  return {};
}

void Links::start() {
  const std::lock_guard lock(parts_->mutex);
  if (parts_->is_started || parts_->is_stopping) return;
  parts_->is_started = true;
  for (const auto& entry : parts_->entries) parts_->start(*entry);
}

void Links::stop() {
  std::vector<Entry*> entries;
  bool was_started = false;
  {
    const std::lock_guard lock(parts_->mutex);
    if (parts_->is_stopping.exchange(true)) return;
    was_started = parts_->is_started;
    for (const auto& entry : parts_->entries) entries.push_back(entry.get());
  }
  for (Entry* entry : entries) entry->waker->wake();
  for (Entry* entry : entries) {
    if (was_started) {
      entry->worker.join();
    } else {
      entry->actor->stop();
    }
  }
}

std::vector<LinkStatus> Links::status() const {
  const base::Instant now = parts_->clock.now();
  std::vector<std::shared_ptr<Board>> boards;
  {
    const std::lock_guard lock(parts_->mutex);
    for (const auto& entry : parts_->entries) boards.push_back(entry->board);
  }
  std::vector<LinkStatus> all;
  for (const auto& board : boards) all.push_back(board->status(now));
  return all;
}

void Links::push(std::string_view name, std::string payload, std::function<void(base::Status)> done) {
  Actor* actor = nullptr;
  {
    const std::lock_guard lock(parts_->mutex);
    for (const auto& entry : parts_->entries) {
      if (entry->name == name) actor = entry->actor.get();
    }
  }
  if (actor == nullptr) {
    return done(fail(Code::not_found, "no link has this name", std::string(name), "GET /api/links lists them"));
  }
  actor->push(std::move(payload), std::move(done));
}

void Links::wake() {
  const std::lock_guard lock(parts_->mutex);
  for (const auto& entry : parts_->entries) entry->waker->wake();
}

bool Links::wait_until(const std::function<bool(const std::vector<LinkStatus>&)>& condition, int64_t timeout_ms) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    uint64_t seen = 0;
    {
      const std::lock_guard lock(parts_->turn_mutex);
      seen = parts_->turns;
    }
    if (condition(status())) return true;
    std::unique_lock lock(parts_->turn_mutex);
    if (!parts_->turned.wait_until(lock, deadline, [&] { return parts_->turns != seen; })) return false;
  }
}

}  // namespace cityloom::link
