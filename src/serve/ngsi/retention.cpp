#include "serve/ngsi/retention.hpp"

#include <algorithm>
#include <chrono>

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Instant;
using base::Result;
using base::Status;

}  // namespace

void RetentionCount::add(const RetentionCount& more) {
  series += more.series;
  instances += more.instances;
  bytes += more.bytes;
  too_dense += more.too_dense;
}

Retention::Retention(const TenantState& tenant, const Services& services)
    : tenant_(tenant), services_(services), store_(tenant, tenant.retention_type, "retention") {}

Status Retention::open() {
  return store_.each([this](const StoredDocument& stored) -> Status {
    // Its name stands in the document.
    constexpr std::string_view before = R"({"name":")";
    const size_t end = stored.document.find('"', before.size());
    const std::string name = stored.document.starts_with(before) && end != std::string::npos
                                 ? stored.document.substr(before.size(), end - before.size())
                                 : std::string();
    auto rule = parse_retention_rule(name, stored.document, nullptr);
    if (!rule.ok()) return base::fail(Code::corrupt, rule.error().what, "a stored retention rule");
    put(std::move(rule).value());
    return {};
  });
}

std::vector<RetentionRule> Retention::rules() const {
  const std::lock_guard lock(mutex_);
  std::vector<RetentionRule> all;
  for (const auto& [name, rule] : rules_) all.push_back(rule);
  return all;
}

std::optional<RetentionRule> Retention::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = rules_.find(name);
  return found == rules_.end() ? std::nullopt : std::optional(found->second);
}

Status Retention::check_room(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (rules_.contains(name) || rules_.size() < retention_rules_max) return {};
  return base::fail(Code::conflict, "there are " + std::to_string(retention_rules_max) + " retention rules already",
                    name, "delete one, or let one be about more types");
}

thread::Change Retention::change_of(const RetentionRule& rule, bool is_new) const {
  return store_.change_of(rule.name, retention_rule_json(rule, nullptr),
                          is_new ? thread::Change::Kind::create : thread::Change::Kind::append);
}

thread::Change Retention::removal_of(const std::string& name) const {
  return store_.removal_of(name);
}

void Retention::put(RetentionRule rule) {
  const std::lock_guard lock(mutex_);
  next_run_at_ = {};
  std::string name = rule.name;
  rules_.insert_or_assign(std::move(name), std::move(rule));
  // What goes on was planned by other rules; the next begins at once.
  cancel_ = run_.state == RetentionRun::State::running;
}

void Retention::erase(const std::string& name) {
  const std::lock_guard lock(mutex_);
  rules_.erase(name);
  next_run_at_ = {};
  cancel_ = run_.state == RetentionRun::State::running;
}

RetentionRun Retention::run() const {
  const std::lock_guard lock(mutex_);
  return run_;
}

void Retention::start() {
  const std::lock_guard lock(mutex_);
  next_run_at_ = {};
}

void Retention::cancel() {
  const std::lock_guard lock(mutex_);
  cancel_ = run_.state == RetentionRun::State::running;
  next_run_at_ = {services_.clock.now().microseconds + run_every_us};
}

bool Retention::is_cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancel_;
}

Result<Retention::Found> Retention::subjects_of(const std::vector<RetentionRule>& rules,
                                                const thread::Bounds& bounds) const {
  Found found;
  found.branches.push_back(thread::main_branch);
  for (const thread::BranchInfo& info : tenant_.thread->branches()) {
    if (info.id != thread::main_branch) found.branches.push_back(info.id);
  }
  std::unordered_map<std::string, size_t> places;
  for (const thread::BranchId branch : found.branches) {
    const thread::Snapshot snapshot = tenant_.thread->snapshot(branch);
    if (auto added = add_subjects(rules, snapshot, bounds, places, found); !added.ok()) return added.error();
  }
  return found;
}

Status Retention::add_subjects(const std::vector<RetentionRule>& rules, const thread::Snapshot& snapshot,
                               const thread::Bounds& bounds, std::unordered_map<std::string, size_t>& places,
                               Found& found) const {
  for (size_t i = 0; i < rules.size(); ++i) {
    twin::Query query;
    for (const std::string& type : rules[i].types) query.types.any_of.push_back({tenant_.thread->terms().find(type)});
    query.id_pattern = rules[i].pattern;
    const auto visit = [&](std::string_view id) {
      if (is_internal_id(id)) return true;
      const auto place = places.find(std::string(id));
      if (place == places.end() && found.subjects.size() >= entities_max) {
        found.is_part = true;
        return true;
      }
      const size_t at = place == places.end() ? found.subjects.size() : place->second;
      if (place == places.end()) {
        places.emplace(id, at);
        found.subjects.push_back({std::string(id), {}});
      }
      std::vector<uint8_t>& about = found.subjects[at].rules;
      // On a branch those of its parents are met again.
      if (std::ranges::find(about, static_cast<uint8_t>(i)) == about.end()) about.push_back(static_cast<uint8_t>(i));
      return true;
    };
    if (auto told = snapshot.each_ever(query, visit, bounds); !told.ok()) return told.error();
  }
  return {};
}

// A series that comes in between may be met twice or not at all: the next run has it.
Status Retention::thin(const std::vector<RetentionRule>& rules, const std::vector<thread::BranchId>& branches,
                       const Subject& subject, Instant now, Place& place, const Take& take) const {
  for (; place.branch < branches.size(); place = {place.branch + 1, 0, 0, {}}) {
    const thread::BranchId branch = branches[place.branch];
    const auto all = tenant_.thread->snapshot(branch).past_series(subject.id);
    if (!all.ok()) return all.error();
    for (; place.series < all->size(); place = {place.branch, place.series + 1, 0, {}}) {
      const thread::PastSeries& series = (*all)[place.series];
      std::vector<const RetentionRule*> about;
      for (const uint8_t index : subject.rules) {
        if (is_about(rules[index], series, tenant_.thread->terms())) about.push_back(&rules[index]);
      }
      if (about.empty()) continue;
      const std::vector<RetentionPart> parts = retention_parts(about, now);
      for (; place.part < parts.size(); place = {place.branch, place.series, place.part + 1, {}}) {
        const Status status = thin_part(subject, branch, series, parts[place.part], place, take);
        if (!status.ok()) return status;
      }
    }
  }
  return {};
}

Status Retention::thin_part(const Subject& subject, thread::BranchId branch, const thread::PastSeries& series,
                            const RetentionPart& part, Place& place, const Take& take) const {
  thread::ThinningRequest request;
  request.series = series;
  request.from = std::max(part.from, place.from);
  request.to = part.to;
  request.step_us = part.step_us;
  request.rule = part.rule;
  while (true) {
    const auto plan = tenant_.thread->snapshot(branch).plan_thinning(subject.id, request);
    if (!plan.ok()) return plan.error();
    if (auto status = take({subject.id, branch, part, *plan}); !status.ok()) return status;
    if (!plan->next.exists()) return {};
    request.from = place.from = plan->next;
  }
}

Result<std::map<std::string, RetentionCount>> Retention::preview(const std::vector<RetentionRule>& rules, Instant now,
                                                                 const thread::Bounds& bounds) const {
  const auto found = subjects_of(rules, bounds);
  if (!found.ok()) return found.error();
  std::map<std::string, RetentionCount> counts;
  for (const RetentionRule& rule : rules) counts[rule.name] = {};
  std::optional<Counted> counted;
  for (const Subject& subject : found->subjects) {
    const auto take = [&](const Plan& plan) {
      const thread::PlannedThinning& planned = plan.thinning;
      RetentionCount& count = counts[plan.part.rule];
      count.instances += planned.thinning.taken_out;
      count.bytes += planned.bytes_freed;
      count.too_dense += planned.too_dense;
      const Counted series{plan.id, plan.branch, planned.thinning.series};
      if (planned.thinning.taken_out > 0 && counted != series) {
        ++count.series;
        counted = series;
      }
      return bounds.goes_on && !bounds.goes_on() ? Status(base::fail(Code::cancelled, "the preview was ended"))
                                                 : Status();
    };
    Place place;
    if (auto status = thin(rules, found->branches, subject, now, place, take); !status.ok()) return status.error();
  }
  return counts;
}

Status Retention::begin(Instant now) {
  Work work;
  work.now = now;
  bool any = false;
  for (RetentionRule& rule : rules()) {
    if (!rule.is_active) continue;
    any = any || !rule.holds;
    work.rules.push_back(std::move(rule));
  }
  {
    const std::lock_guard lock(mutex_);
    next_run_at_ = {now.microseconds + run_every_us};
    cancel_ = false;
    if (!any) return {};
    run_ = {};
    run_.state = RetentionRun::State::running;
    run_.started_at = now;
  }
  thread::Bounds bounds;
  bounds.goes_on = [this] { return !is_cancelled(); };
  auto found = subjects_of(work.rules, bounds);
  if (!found.ok()) return found.error();
  work.found = std::move(found).value();
  const std::lock_guard lock(mutex_);
  run_.entities = work.found.subjects.size();
  run_.is_part = work.found.is_part;
  work_ = std::move(work);
  return {};
}

Status Retention::append(const Plan& plan) {
  thread::Change change;
  change.kind = thread::Change::Kind::thin_past;
  change.entity_id = plan.id;
  change.attributes.push_back(thread::thinning_attribute(plan.thinning.thinning));
  thread::ChangeSet set;
  set.branch = plan.branch;
  set.author = "retention";
  set.changes.push_back(std::move(change));
  const auto outcomes = tenant_.thread->append(std::move(set));
  if (outcomes.ok()) return outcomes->front().ok() ? Status() : Status(outcomes->front().error());
  // A branch that was dropped in between has nothing left to be thinned.
  const bool is_gone = plan.branch != thread::main_branch && outcomes.error().code == Code::not_found;
  return is_gone ? Status() : Status(outcomes.error());
}

// Goes on for one piece: it may end between any two commits.
Status Retention::go_on() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(piece_us);
  const auto goes_on = [&] { return std::chrono::steady_clock::now() < until && !is_cancelled(); };
  bool first_piece = true;
  while (work_->next < work_->found.subjects.size() && (first_piece || goes_on())) {
    const Subject& subject = work_->found.subjects[work_->next];
    const auto take = [&](const Plan& plan) -> Status {
      if (!first_piece && !goes_on()) return base::fail(Code::cancelled, "the piece is over");
      first_piece = false;
      const thread::PlannedThinning& planned = plan.thinning;
      const Counted series{plan.id, plan.branch, planned.thinning.series};
      const bool any = planned.thinning.taken_out > 0;
      if (any) {
        if (auto status = append(plan); !status.ok()) return status;
      }
      const bool is_new = any && work_->counted != series;
      if (is_new) work_->counted = series;
      const std::lock_guard lock(mutex_);
      run_.taken_out.add({is_new ? 1u : 0u, planned.thinning.taken_out, planned.bytes_freed, planned.too_dense});
      return {};
    };
    const Status status = thin(work_->rules, work_->found.branches, subject, work_->now, work_->place, take);
    if (!status.ok() && status.error().code == Code::cancelled) return {};
    if (!status.ok()) return status;
    ++work_->next;
    work_->place = {};
    work_->counted.reset();
    const std::lock_guard lock(mutex_);
    run_.entities_done = work_->next;
  }
  return {};
}

void Retention::end(RetentionRun::State state, std::string error) {
  work_.reset();
  const std::lock_guard lock(mutex_);
  run_.state = state;
  run_.ended_at = services_.clock.now();
  run_.error = std::move(error);
  cancel_ = false;
}

void Retention::tend(Instant now) {
  const std::lock_guard tending(tending_);
  if (!work_) {
    {
      const std::lock_guard lock(mutex_);
      if (rules_.empty() || (next_run_at_.exists() && now < next_run_at_)) return;
    }
    if (const Status begun = begin(now); !begun.ok()) {
      if (is_cancelled()) return end(RetentionRun::State::cancelled);
      return end(RetentionRun::State::failed, begun.error().text());
    }
    if (!work_) return;
  }
  if (is_cancelled()) return end(RetentionRun::State::cancelled);
  const Status gone_on = go_on();
  // A full queue or a disk that is slow: the same again with the next piece.
  if (!gone_on.ok() && gone_on.error().code == Code::busy) return;
  if (!gone_on.ok()) return end(RetentionRun::State::failed, gone_on.error().text());
  if (work_->next == work_->found.subjects.size()) end(RetentionRun::State::ended);
}

}  // namespace cityloom::serve::ngsi_ld
