// The tenants of a server, and which snapshot or branch a request is about.
#include "serve/tenants.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <mutex>
#include <utility>

namespace cityloom::serve {

using base::Code;
using base::fail;
using base::Result;

/// What is attached goes in the reverse order, then the thread.
Tenants::Tenant::~Tenant() {
  while (!attached.empty()) attached.pop_back();
}

Tenants::Tenants(std::unique_ptr<thread::Thread> default_thread, Opener opener, std::vector<std::string> known,
                 Options options)
    : default_(std::make_unique<Tenant>()), opener_(std::move(opener)), options_(options), known_(std::move(known)) {
  assert(default_thread != nullptr);
  default_->thread = std::move(default_thread);
}

Tenants::Tenants(std::unique_ptr<thread::Thread> default_thread)
    : Tenants(std::move(default_thread),
              [](std::string_view name) -> Result<std::unique_ptr<thread::Thread>> {
                return fail(Code::unsupported, "this server has one tenant only", std::string(name));
              },
              {}, {}) {}

Tenants::~Tenants() = default;

void Tenants::on_open(Attacher attacher) {
  const std::lock_guard opening(opening_);
  default_->attached.push_back(attacher(default_->name, *default_->thread));
  {
    const std::shared_lock lock(mutex_);
    for (auto& [name, tenant] : others_) tenant->attached.push_back(attacher(name, *tenant->thread));
  }
  attachers_.push_back(std::move(attacher));
}

base::Status Tenants::check_name(std::string_view name) {
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (!is_plain || name.empty() || name.size() > 64 || name.front() == '.' || name == "main") {
    return fail(Code::invalid, "not a valid name of a tenant", std::string(name.substr(0, 80)),
                "use 1 to 64 letters, digits, '-', '_' and '.', not beginning with '.', and not 'main'");
  }
  return {};
}

Result<thread::Thread*> Tenants::find(std::string_view name) {
  return open(name, false);
}

Result<thread::Thread*> Tenants::find_or_make(std::string_view name) {
  return open(name, true);
}

Result<thread::Thread*> Tenants::open(std::string_view name, bool make) {
  if (name.empty()) return default_->thread.get();
  const auto already_open = [&]() -> thread::Thread* {
    const std::shared_lock lock(mutex_);
    const auto found = others_.find(name);
    return found == others_.end() ? nullptr : found->second->thread.get();
  };
  if (thread::Thread* thread = already_open()) return thread;
  if (auto checked = check_name(name); !checked) return checked.error();

  // Opening may take long: those who use open tenants do not wait for it.
  const std::lock_guard opening(opening_);
  if (thread::Thread* thread = already_open()) return thread;
  const bool is_known = std::find(known_.begin(), known_.end(), name) != known_.end();
  if (!is_known && !make) return fail(Code::not_found, "there is no such tenant", std::string(name));
  if (!is_known && known_.size() >= options_.tenants_max) {
    return fail(Code::busy, "there are as many tenants as this server takes", std::string(name),
                "at most " + std::to_string(options_.tenants_max));
  }
  auto opened = opener_(name);
  if (!opened) return opened.error();
  auto tenant = std::make_unique<Tenant>();
  tenant->name = name;
  tenant->thread = std::move(*opened);
  for (const Attacher& attacher : attachers_) tenant->attached.push_back(attacher(tenant->name, *tenant->thread));
  if (!is_known) known_.emplace_back(name);
  thread::Thread* const thread = tenant->thread.get();
  const std::unique_lock lock(mutex_);
  others_.emplace(tenant->name, std::move(tenant));
  return thread;
}

std::vector<std::pair<std::string, thread::Thread*>> Tenants::open_tenants() const {
  std::vector<std::pair<std::string, thread::Thread*>> result = {{"", default_->thread.get()}};
  const std::shared_lock lock(mutex_);
  for (const auto& [name, tenant] : others_) result.emplace_back(name, tenant->thread.get());
  return result;
}

namespace {

Result<thread::BranchId> branch_of(const thread::Thread& thread, std::string_view name) {
  if (name.empty() || name == "main") return thread::main_branch;
  if (const auto found = thread.find_branch(name)) return *found;
  return fail(Code::not_found, "there is no such branch", std::string(name), "see /api/branches");
}

}  // namespace

Result<std::variant<thread::Offset, base::Instant>> read_moment(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return {thread::Offset{number}};
  const auto instant = base::Instant::parse(text);
  if (!instant) {
    return fail(Code::invalid, "neither a date-time nor an offset", std::string(text),
                "write for example 2026-11-22T08:05:00Z or 1234");
  }
  return {*instant};
}

Result<Reading> reading_of(Tenants& tenants, const Request& request) {
  const auto thread = tenants.find(request.tenant());
  if (!thread) return thread.error();
  const auto branch = branch_of(**thread, request.branch());
  if (!branch) return branch.error();
  const auto as_of = request.query_value("asOf");
  if (!as_of) return Reading{*thread, (*thread)->snapshot(*branch), *branch == thread::main_branch};
  const auto moment = read_moment(*as_of);
  if (!moment) return moment.error();
  auto snapshot = std::visit([&](auto at) { return (*thread)->snapshot_at(at, *branch); }, *moment);
  if (!snapshot) return snapshot.error();
  return Reading{*thread, *snapshot, false};
}

Result<Writing> writing_of(Tenants& tenants, const Request& request) {
  const auto thread = tenants.find_or_make(request.tenant());
  if (!thread) return thread.error();
  const auto branch = branch_of(**thread, request.branch());
  if (!branch) return branch.error();
  return Writing{*thread, *branch};
}

}  // namespace cityloom::serve
