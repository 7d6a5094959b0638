// Entities of sources on their way to the branch of a snapshot: written as any client would state them, so that their
// names become the tenant's own.
#include "serve/ngsi/snapshot_sources.hpp"

#include <algorithm>
#include <set>

#include "ngsi/json.hpp"
#include "ngsi/parse.hpp"
#include "serve/ngsi/known_past.hpp"
#include "serve/ngsi/linked_lookup.hpp"
#include "serve/ngsi/pasts.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Status;
using thread::Change;

constexpr size_t entities_at_once = 500;        // written in one go
constexpr size_t bytes_at_once = 8u << 20;      // about, of the same
constexpr uint64_t first_foreign = 1ull << 63;  // numbers of instances that are not of this record

std::string warning(std::string_view what) {
  std::string text = "199 cityloom ";
  ngsi::append_quoted(what, text);
  return text;
}

base::Error too_much(size_t most, const char* of_what) {
  return {Code::too_large, "sources give the snapshot more than " + std::to_string(most) + ' ' + of_what,
          "snapshotQueries", "narrow the queries, or ask with local=true"};
}

// Entities as JSON that wait to be written.
class BranchWriter {
 public:
  BranchWriter(const Reading& at_fork, thread::BranchId branch, Change::Kind kind)
      : thread_(*at_fork.thread), branch_(branch), names_(&thread_.terms()) {
    form_.kind = kind;
  }

  Status add(std::string_view id, std::string_view json) {
    if (ids_.size() == snapshot_entities_max) {
      return too_much(snapshot_entities_max, "entities");
    }
    ids_.emplace_back(id);
    waiting_ += waiting_.empty() ? '[' : ',';
    waiting_ += json;
    ++count_;
    return count_ < entities_at_once && waiting_.size() < bytes_at_once ? Status() : write();
  }

  Status write() {
    if (count_ == 0) return {};
    waiting_ += ']';
    const auto body = ngsi::Body::read(waiting_);
    waiting_.clear();
    count_ = 0;
    if (!body.ok()) return body.error();
    // Names stay for ever: how many are new is known before the tenant gets any.
    for (size_t item = 0; item < body->items(); ++item)
      (void)ngsi::parse_change(*body, item, form_, *ngsi::Context::core(), names_).ok();
    if (names_.last() > snapshot_names_max) return too_much(snapshot_names_max, "names that are new here");
    thread::ChangeSet set;
    set.branch = branch_;
    set.author = "ngsi-ld";
    const thread::Snapshot now = thread_.snapshot(branch_);
    for (size_t item = 0; item < body->items(); ++item) {
      auto change = ngsi::parse_change(*body, item, form_, *ngsi::Context::core(), thread_.terms());
      if (!change.ok()) {
        refuse(change.error());
        continue;
      }
      if (form_.kind == Change::Kind::state_past) {
        const auto known = known_past(now, change->entity_id);
        if (!known.ok()) return known.error();
        if (known->exists || known->is_live) change->types = types_to_state(*known, change->types);
      }
      set.changes.push_back(std::move(*change));
    }
    if (set.changes.empty()) return {};
    const auto outcomes = thread_.append(std::move(set));
    if (!outcomes.ok()) return outcomes.error();
    for (const auto& outcome : *outcomes) {
      if (!outcome.ok()) refuse(outcome.error());
    }
    return {};
  }

  // What was written becomes a part of the snapshot.
  void select(Selection& selection) const {
    const thread::Snapshot now = thread_.snapshot(branch_);
    for (const std::string& id : ids_) {
      if (const auto number = now.number_of(id)) selection.add(*number);
    }
  }

  bool any() const { return !ids_.empty(); }
  void add_warnings(std::vector<std::string>& to) const {
    if (refused_ > 0) to.push_back(warning(std::to_string(refused_) + " entities of sources were left out: " + why_));
  }

 private:
  void refuse(const base::Error& error) {
    ++refused_;
    why_ = error.text();
  }

  thread::Thread& thread_;
  const thread::BranchId branch_;
  twin::TermTable names_;  // the tenant's, and over them those that this writer makes new
  ngsi::ChangeForm form_;
  std::vector<std::string> ids_;
  std::string waiting_;
  size_t count_ = 0, refused_ = 0;
  std::string why_;
};

// Those that sources gave, each once.
std::vector<std::string> ids_given(const Gathered& gathered) {
  std::set<std::string_view> seen;
  std::vector<std::string> ids;
  for (const Gathered::FromSource& source : gathered.sources()) {
    for (const std::string& id : source.ids) {
      if (seen.insert(id).second) ids.push_back(id);
    }
  }
  return ids;
}

Status take_present(const Call& call, const Reading& at_fork, ngsi::QueryBody& asked, BranchWriter& writer,
                    TakenFromSources& taken) {
  const Gathered& gathered = *call.gathered();
  const TenantState& tenant = call.services().state_of(*at_fork.thread);
  const ngsi::Names names(ngsi::Context::core(), gathered.terms());
  const base::Instant now = call.services().clock.now();
  LinkedLookup lookup(call, at_fork, tenant);
  bool has_links = false;
  std::vector<twin::Matcher> matchers;
  for (twin::Query& query : asked.any_of) {
    if (const auto linked = link(asked.join, lookup, query); !linked.ok()) return linked;
    has_links = has_links || query.linked != nullptr;
    matchers.emplace_back(query);
  }
  for (const std::string& id : ids_given(gathered)) {
    const auto here = at_fork.snapshot.find(id);
    if (!here.ok()) return here.error();
    const bool is_here = is_there(call, at_fork, tenant, *here);
    const auto record = gathered.entity(id, is_here ? *here : twin::EntityRecord(), now);
    if (!record.ok()) return record.error();
    const auto matches = [&](const twin::Matcher& matcher) { return matcher(*record); };
    if (!*record || (has_links && std::none_of(matchers.begin(), matchers.end(), matches))) continue;
    std::string json;
    ngsi::append_entity(*record, {}, names, json);
    if (const auto added = writer.add(id, json); !added.ok()) return added;
  }
  warn_of_links(lookup, taken.warnings);
  return {};
}

Status take_past(const Call& call, const Reading& at_fork, const AskedPast& asked, BranchWriter& writer,
                 TakenFromSources& taken) {
  const Gathered& gathered = *call.gathered();
  const ngsi::Names names(ngsi::Context::core(), gathered.terms());
  bool is_part = false;
  for (const std::string& id : ids_given(gathered)) {
    auto past = past_everywhere(call, at_fork, id, asked);
    if (!past.ok()) return past.error();
    is_part = is_part || past->known_to.exists();
    for (thread::AttributeHistory& history : past->attributes) {
      is_part = is_part || history.more;
      std::erase_if(history.instances,
                    [](const thread::PastAttribute& one) { return one.key.offset.number < first_foreign; });
    }
    std::erase_if(past->attributes, [](const auto& history) { return history.instances.empty(); });
    const ngsi::TemporalEntity entity{id, past->types, past->scopes, std::move(past->attributes), {}, {}, nullptr};
    std::string json;
    (void)ngsi::append_temporal_entity(entity, ngsi::TemporalFormat::normalized, {}, asked.history.window.property,
                                       names, json);
    if (const auto added = writer.add(id, json); !added.ok()) return added;
  }
  if (is_part) taken.warnings.push_back(warning("of the past that sources tell only a part was taken"));
  return {};
}

void gather_next(Call call, const TenantState& tenant, std::shared_ptr<SnapshotQueries> asked, Run run) {
  while (asked->gathered.size() < asked->queries.size()) {
    const ngsi::Body& query = asked->queries[asked->gathered.size()];
    call.set_gathered(nullptr);
    const auto what = [&]() -> base::Result<Gather> {
      const auto parsed = ngsi::parse_query_body(query, *call.context(), tenant.thread->terms());
      if (!parsed.ok()) return parsed.error();
      auto gather = gather_of_body(call, query, *parsed);
      if (!gather.ok()) return gather;
      gather->for_map = true;
      if (!parsed->has_temporal) return gather;
      const auto window = past_window(call, query, *parsed);
      if (!window.ok()) return window.error();
      gather->ask_of_past(*window);
      return gather;
    };
    const auto next = [&tenant, asked, run](Call back) {
      asked->gathered.push_back(back.gathered()->shared_from_this());
      size_t held = 0;
      for (const auto& one : asked->gathered) held += one == nullptr ? 0 : one->held();
      if (held > snapshot_held_max) return back.fail(too_much(snapshot_held_max, "entities and instances"));
      gather_next(std::move(back), tenant, asked, run);
    };
    if (gather(call, tenant, what, next)) return;
    asked->gathered.emplace_back();
  }
  call.set_gathered(nullptr);
  const bool none = std::all_of(asked->gathered.begin(), asked->gathered.end(), [](const auto& one) { return !one; });
  if (none) return run(std::move(call));
  Call::go_long(std::move(call), run);
}

}  // namespace

void warn_of_links(const LinkedLookup& lookup, std::vector<std::string>& warnings) {
  if (lookup.unasked().empty()) return;
  warnings.push_back(warning("linked entities that are kept elsewhere were not looked at"));
}

void gather_for_snapshot(Call call, const TenantState& tenant, std::shared_ptr<SnapshotQueries> asked, Run run) {
  gather_next(std::move(call), tenant, std::move(asked), std::move(run));
}

base::Result<TakenFromSources> take_from_sources(const Call& call, const Reading& at_fork, const ngsi::Body& query,
                                                 thread::BranchId branch, Selection& selection) {
  TakenFromSources taken;
  auto asked = ngsi::parse_query_body(query, *call.context(), call.gathered()->terms());
  if (!asked.ok()) return asked.error();
  BranchWriter writer(at_fork, branch,
                      asked->has_temporal ? Change::Kind::state_past : Change::Kind::create_or_replace);
  Status done;
  if (asked->has_temporal) {
    auto window = past_window(call, query, *asked);
    if (!window.ok()) return window.error();
    done = take_past(call, at_fork, {std::move(*window), {}}, writer, taken);
  } else {
    done = take_present(call, at_fork, *asked, writer, taken);
  }
  if (done.ok()) done = writer.write();
  if (!done.ok()) return done.error();
  writer.select(selection);
  taken.any = writer.any();
  writer.add_warnings(taken.warnings);
  return taken;
}

}  // namespace cityloom::serve::ngsi_ld
