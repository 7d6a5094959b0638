// Registrations in memory: index, counters, conflicts, expiry.
#include "serve/ngsi/registrations.hpp"

#include <simdjson.h>

#include <algorithm>

#include "ngsi/json.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using ngsi::Registration;
using ngsi::RegistrationStatus;
using thread::Change;

std::string status_json(const RegistrationStatus& status) {
  std::string json = R"({"timesSent":)" + std::to_string(status.times_sent) + R"(,"timesFailed":)" +
                     std::to_string(status.times_failed);
  const auto add = [&](const char* name, Instant at) {
    if (at.exists()) json += std::string(",\"") + name + "\":\"" + at.text() + '"';
  };
  add("lastSuccess", status.last_success);
  add("lastFailure", status.last_failure);
  return json + '}';
}

void read_status(const std::string& text, RegistrationStatus& status) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (text.empty() || parser.parse(text).get(json) != simdjson::SUCCESS) return;
  const auto count = [&](const char* name, uint64_t& to) {
    uint64_t written = 0;
    if (json[name].get(written) == simdjson::SUCCESS) to = written;
  };
  count("timesSent", status.times_sent);
  count("timesFailed", status.times_failed);
  const auto time = [&](const char* name, Instant& to) {
    std::string_view written;
    if (json[name].get(written) != simdjson::SUCCESS) return;
    if (const auto instant = Instant::parse(written); instant.ok()) to = *instant;
  };
  time("lastSuccess", status.last_success);
  time("lastFailure", status.last_failure);
}

bool is_over(const Registration& registration, Instant now) {
  return registration.expires_at.exists() && registration.expires_at <= now;
}

// Whether both name some entity and some attribute of it in common, as far as that can be told.
bool overlap(const Registration& left, const Registration& right) {
  for (const ngsi::RegistrationInfo& info : left.information) {
    ngsi::SourceQuery query;
    query.attributes = info.properties;
    query.attributes.insert(query.attributes.end(), info.relationships.begin(), info.relationships.end());
    if (info.entities.empty() && ngsi::matches(query, right)) return true;
    for (const ngsi::EntityInfo& entity : info.entities) {
      query.types = {entity.types};
      query.ids = entity.id.empty() ? std::vector<std::string>() : std::vector<std::string>{entity.id};
      query.id_pattern = entity.id.empty() ? entity.pattern : nullptr;
      const bool any = std::any_of(right.information.begin(), right.information.end(),
                                   [&](const ngsi::RegistrationInfo& other) { return ngsi::matches(query, other); });
      if (any) return true;
    }
  }
  return false;
}

}  // namespace

RegistrationStatus Source::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

bool Source::may_be_asked(Instant now) const {
  const int64_t cooldown_ms = registration_.management ? registration_.management->cooldown_ms : 0;
  if (cooldown_ms == 0) return true;
  const std::lock_guard lock(mutex_);
  const bool failed = status_.last_failure.exists() && !(status_.last_failure < status_.last_success);
  return !failed || now.microseconds >= status_.last_failure.microseconds + cooldown_ms * 1'000;
}

void Source::count(bool answered, Instant now) {
  const std::lock_guard lock(mutex_);
  ++status_.times_sent;
  if (!answered) ++status_.times_failed;
  (answered ? status_.last_success : status_.last_failure) = now;
  changed_ = true;
}

std::optional<RegistrationStatus> Source::take_changed_status() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(changed_, false)) return std::nullopt;
  return status_;
}

Registrations::Registrations(const TenantState& tenant, const Services& services, RegistrationOptions options)
    : tenant_(tenant),
      services_(services),
      options_(options),
      store_(tenant, tenant.internal.registration_type, "registration") {}

Registrations::~Registrations() {
  record_counters();
}

base::Status Registrations::open() {
  return store_.each([this](const StoredDocument& stored) -> base::Status {
    auto registration = ngsi::restore_registration(stored.document);
    if (!registration.ok()) return registration.error();
    RegistrationStatus status;
    read_status(stored.status, status);
    status.created_at = stored.created_at;
    status.modified_at = stored.modified_at;
    put_in_index(std::make_shared<Source>(std::move(registration).value(), status));
    return {};
  });
}

void Registrations::put_in_index(SourcePointer source) {
  const Registration& registration = source->registration();
  if (registration.expires_at.exists()) expiring_[registration.id] = registration.expires_at;
  index_.add(&registration);
  by_entry_[&registration] = source;
  sources_[registration.id] = std::move(source);
  count_ = sources_.size();
}

SourcePointer Registrations::take(std::string_view id) {
  const auto found = sources_.find(id);
  if (found == sources_.end()) return nullptr;
  SourcePointer source = std::move(found->second);
  index_.remove(&source->registration());
  by_entry_.erase(&source->registration());
  expiring_.erase(found->first);
  sources_.erase(found);
  count_ = sources_.size();
  return source;
}

SourcePointer Registrations::find(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto found = sources_.find(id);
  return found == sources_.end() ? nullptr : found->second;
}

std::vector<SourcePointer> Registrations::matching(const ngsi::SourceQuery& query) const {
  std::vector<SourcePointer> found;
  if (empty()) return found;
  const Instant now = services_.clock.now();
  const std::shared_lock lock(mutex_);
  for (const RegistrationIndex::Entry entry : index_.find(query)) {
    if (!is_over(*entry, now)) found.push_back(by_entry_.at(entry));
  }
  return found;
}

base::Status Registrations::check_conflicts(const Registration& registration, const thread::Bounds& bounds) const {
  if (!registration.is_proxied()) return {};
  const bool is_exclusive = registration.mode == ngsi::SourceMode::exclusive;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, source] : sources_) {
      const Registration& other = source->registration();
      const bool excludes = is_exclusive ? other.is_proxied() : other.mode == ngsi::SourceMode::exclusive;
      if (id == registration.id || !excludes || !overlap(registration, other)) continue;
      return fail(Code::conflict, "another source is registered for the same attributes of an entity", id,
                  "delete that registration, or name other entities or attributes");
    }
  }
  const twin::TermTable& terms = tenant_.thread->terms();
  const thread::Snapshot snapshot = tenant_.thread->snapshot();
  for (const ngsi::RegistrationInfo& info : registration.information) {
    twin::Query query;
    for (const auto* names : {&info.properties, &info.relationships}) {
      for (const std::string& name : *names) query.attributes.push_back(terms.find(name));
    }
    const size_t many = std::max<size_t>(info.entities.size(), 1);
    for (size_t i = 0; i < many; ++i) {
      if (!info.entities.empty()) {
        const ngsi::EntityInfo& entity = info.entities[i];
        query.ids = entity.id.empty() ? std::vector<std::string>() : std::vector<std::string>{entity.id};
        query.id_pattern = entity.id.empty() ? entity.pattern : nullptr;
        query.types.any_of = {{}};
        for (const std::string& type : entity.types) query.types.any_of.front().push_back(terms.find(type));
      }
      std::string kept;
      const auto status = snapshot.each(
          query,
          [&](const twin::EntityRecord& record) {
            if (!is_visible(record)) return true;
            kept = std::string(record.id());
            return false;
          },
          bounds);
      if (!status.ok()) return status;
      if (!kept.empty())
        return fail(Code::conflict, "an entity that the registration is for is kept here", kept, "delete it first");
    }
  }
  return {};
}

base::Result<Change> Registrations::change_of(const Registration& registration, Change::Kind kind) const {
  {
    const std::shared_lock lock(mutex_);
    if (sources_.size() >= options_.registrations_max && !sources_.contains(registration.id))
      return fail(Code::busy, "there are as many registrations as are allowed", {}, "delete those that nobody needs");
  }
  std::string json;
  ngsi::append_registration(registration, nullptr, false, nullptr, {}, json);
  return store_.change_of(registration.id, std::move(json), kind);
}

void Registrations::put(Registration registration) {
  const Instant now = services_.clock.now();
  SourcePointer before, after;
  {
    const std::unique_lock lock(mutex_);
    before = take(registration.id);
    RegistrationStatus status;
    if (before) status = before->status();
    if (!before) status.created_at = now;
    status.modified_at = now;
    after = std::make_shared<Source>(std::move(registration), status);
    put_in_index(after);
  }
  if (listener_) listener_(before ? &before->registration() : nullptr, &after->registration());
}

void Registrations::erase(std::string_view id) {
  SourcePointer before;
  {
    const std::unique_lock lock(mutex_);
    before = take(id);
  }
  if (before && listener_) listener_(&before->registration(), nullptr);
}

void Registrations::record_counters() {
  std::vector<SourcePointer> all;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, source] : sources_) all.push_back(source);
  }
  for (const SourcePointer& source : all) {
    if (const auto status = source->take_changed_status())
      store_.write_status(source->registration().id, status_json(*status));
  }
}

void Registrations::tend(Instant now) {
  if (empty()) return;
  std::vector<std::string> over;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, time] : expiring_) {
      if (time <= now) over.push_back(id);
    }
  }
  for (const std::string& id : over) {
    thread::ChangeSet set;
    set.author = "ngsi-ld";
    set.changes.push_back(store_.removal_of(id));
    // What the record does not take now is tried again at the next start; it matches nothing meanwhile.
    tenant_.thread->submit(std::move(set), [](const base::Result<thread::Outcomes>&) {});
    erase(id);
  }
  if (recorded_at_.exists() && now.microseconds - recorded_at_.microseconds < options_.status_interval_ms * 1'000)
    return;
  if (recorded_at_.exists()) record_counters();
  recorded_at_ = now;
}

}  // namespace cityloom::serve::ngsi_ld
