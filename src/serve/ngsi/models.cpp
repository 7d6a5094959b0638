// Data models in memory and in the record.
#include "serve/ngsi/models.hpp"

#include <simdjson.h>

#include "serve/json.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using thread::Change;

std::string key_of(std::string_view name, std::string_view version) {
  return std::string(name) + ':' + std::string(version);
}
// No version is called so: they begin with a letter or digit.
std::string policy_key(std::string_view name) {
  return key_of(name, "-policy");
}

// Under what name the record keeps a count: as the place of a follower that there is not.
std::string count_key(models::Fate fate, std::string_view type_iri) {
  return "model writes/" + std::string(models::name_of(fate)) + '/' + std::string(type_iri);
}
constexpr std::string_view since_key = "model writes since";
constexpr models::Fate fates[] = {models::Fate::rejected, models::Fate::warned, models::Fate::counted};

std::string policy_json(std::string_view name, const ModelPolicy& policy) {
  JsonText json;
  json.open_object().member("model", name).member("activeVersion", policy.active);
  json.member("mode", models::name_of(policy.mode)).member("interval_s", policy.interval_s).close_object();
  return json.take();
}

std::string text_in(simdjson::dom::element json, const char* name) {
  std::string_view text;
  return json[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

base::Error unknown_model(std::string_view name) {
  return fail(Code::not_found, "there is no model of this name", std::string(name), "see /api/models");
}
base::Error unknown_version(std::string_view name, std::string_view version) {
  return fail(Code::not_found, "the model has no such version", std::string(version),
              "see /api/models/" + std::string(name));
}

// The model of a kept document: names are looked up where they were expanded once.
base::Result<models::ModelPointer> compile(const ModelVersion& version) {
  simdjson::dom::parser parser;
  simdjson::dom::element json, schema;
  simdjson::dom::object names;
  if (parser.parse(version.document).get(json) != simdjson::SUCCESS ||
      json["schema"].get(schema) != simdjson::SUCCESS || json["names"].get(names) != simdjson::SUCCESS) {
    return fail(Code::corrupt, "a kept data model cannot be read", version.name);
  }
  models::ModelText text;
  text.name = version.name;
  text.version = version.version;
  text.type = version.type;
  text.schema = simdjson::minify(schema);
  auto model = models::Model::make(text, [&](std::string_view name) {
    std::string_view iri;
    return names[name].get(iri) == simdjson::SUCCESS ? std::string(iri) : std::string();
  });
  if (!model.ok()) return model.error();
  return std::make_shared<const models::Model>(std::move(model).value());
}

}  // namespace

std::string document_of(const models::Model& model, std::string_view schema, std::string_view context_json) {
  JsonText json;
  json.open_object().member("model", model.name).member("version", model.version).member("type", model.type);
  json.member("typeIri", model.type_iri).key("names").open_object();
  for (const auto& [name, iri] : model.iris()) json.member(name, iri);
  json.close_object();
  if (!context_json.empty()) json.key("@context").raw(context_json);
  json.key("schema").raw(schema).close_object();
  return json.take();
}

Models::Models(const TenantState& tenant, const base::Clock& clock, ModelStoreOptions options)
    : tenant_(tenant),
      clock_(clock),
      options_(options),
      store_(tenant, tenant.internal.model_type, "model"),
      since_(clock.now()) {}

Models::~Models() {
  tenant_.thread->set_guard(nullptr);
  const std::lock_guard lock(mutex_);
  keep_counts();
}

base::Status Models::open() {
  const std::lock_guard lock(mutex_);
  if (const auto read = store_.each([&](const StoredDocument& stored) { return take(stored); }); !read.ok())
    return read;
  std::erase_if(entries_, [](const auto& entry) { return entry.second.versions.empty(); });
  if (const auto read = read_counts(); !read.ok()) return read;
  return guard_anew();
}

base::Status Models::read_counts() {
  const auto since = tenant_.thread->follower_offset(since_key);
  if (!since.ok()) return since.error();
  if (*since) since_ = {static_cast<int64_t>((*since)->number)};
  for (const auto& [name, entry] : entries_) {
    models::Tally::Writes writes{};
    for (const models::Fate fate : fates) {
      const auto kept = tenant_.thread->follower_offset(count_key(fate, entry.type_iri));
      if (!kept.ok()) return kept.error();
      if (*kept) writes.at(static_cast<size_t>(fate)) = (*kept)->number;
    }
    if (writes != models::Tally::Writes{}) tally_->add_earlier(entry.type_iri, writes);
  }
  kept_ = tally_->totals();
  return {};
}

void Models::tend(base::Instant now) {
  const std::lock_guard lock(mutex_);
  if (kept_at_.exists() && now.microseconds < kept_at_.microseconds + keep_every_us) return;
  keep_counts();
}

// Held: mutex_. The record takes these numbers into its next write; one that fails shows there.
void Models::keep_counts() {
  const models::Tally::Writes totals = tally_->totals();
  if (totals == kept_) return;
  kept_ = totals;
  kept_at_ = clock_.now();
  thread::Thread& thread = *tenant_.thread;
  (void)thread.set_follower_offset(since_key, {static_cast<uint64_t>(since_.microseconds)}).ok();
  for (const auto& [type_iri, writes] : tally_->by_type()) {
    for (const models::Fate fate : fates)
      (void)thread.set_follower_offset(count_key(fate, type_iri), {writes.at(static_cast<size_t>(fate))}).ok();
  }
}

base::Status Models::take(const StoredDocument& stored) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(stored.document).get(json) != simdjson::SUCCESS)
    return fail(Code::corrupt, "a kept data model cannot be read");
  const std::string name = text_in(json, "model");
  ModelEntry& entry = entries_[name];
  entry.name = name;
  if (simdjson::dom::element mode; json["mode"].get(mode) == simdjson::SUCCESS) {
    const auto read = models::mode_of(text_in(json, "mode"));
    double interval_s = 0;
    if (!read.ok() || json["interval_s"].get(interval_s) != simdjson::SUCCESS)
      return fail(Code::corrupt, "a kept data model cannot be read", name);
    entry.policy = {text_in(json, "activeVersion"), *read, interval_s};
    return {};
  }
  auto version = std::make_shared<ModelVersion>();
  version->name = name;
  version->version = text_in(json, "version");
  version->type = text_in(json, "type");
  version->type_iri = text_in(json, "typeIri");
  version->created_at = stored.created_at;
  version->document = stored.document;
  entry.type = version->type;
  entry.type_iri = version->type_iri;
  bytes_ += version->document.size();
  entry.versions[version->version] = std::move(version);
  return {};
}

// Held: mutex_. Models are compiled once; the guard is made of them anew.
base::Status Models::guard_anew() {
  std::vector<models::ActiveModel> active;
  for (const auto& [name, entry] : entries_) {
    const auto version = entry.versions.find(entry.policy.active);
    if (version == entry.versions.end()) {
      bound_.erase(name);
      continue;
    }
    models::BoundModelPointer& bound = bound_[name];
    if (bound == nullptr || bound->model().version != version->first) {
      auto model = compile(*version->second);
      if (!model.ok()) return model.error();
      auto made = models::BoundModel::bind(std::move(model).value(), tenant_.thread->terms());
      if (!made.ok()) return made.error();
      bound = std::move(made).value();
    }
    active.push_back({bound, entry.policy.mode, entry.policy.interval_s});
  }
  guard_ = active.empty()
               ? nullptr
               : std::make_shared<const models::ModelGuard>(std::move(active), tenant_.thread->terms(), clock_, tally_,
                                                            std::vector<twin::Term>{tenant_.internal.expires_at});
  tenant_.thread->set_guard(guard_);
  return {};
}

std::vector<ModelEntry> Models::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<ModelEntry> all;
  for (const auto& [name, entry] : entries_) all.push_back(entry);
  return all;
}

std::optional<ModelEntry> Models::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

base::Result<models::ModelPointer> Models::compiled(std::string_view name, std::string_view version) const {
  const auto entry = find(name);
  if (!entry) return unknown_model(name);
  const auto found = entry->versions.find(std::string(version));
  if (found == entry->versions.end()) return unknown_version(name, version);
  {
    const std::lock_guard lock(mutex_);
    const auto bound = bound_.find(name);
    if (bound != bound_.end() && bound->second->model().version == version) return bound->second->pointer();
  }
  return compile(*found->second);
}

base::Result<std::vector<Change>> Models::changes_for(const ModelVersion& version) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    if (name != version.name && entry.type_iri == version.type_iri) {
      return fail(Code::conflict, "entities of this type have a model already: " + name, version.type_iri,
                  "add a version to that model");
    }
  }
  const auto found = entries_.find(version.name);
  const bool is_new = found == entries_.end();
  if (is_new && entries_.size() >= options_.models_max) {
    return fail(Code::busy, "there are " + std::to_string(options_.models_max) + " models already", {},
                "delete those that are not used");
  }
  if (!is_new) {
    const ModelEntry& entry = found->second;
    if (entry.versions.contains(version.version)) {
      return fail(Code::already_exists, "the model has this version already, and versions do not change",
                  version.version, "give the changed model another version");
    }
    if (entry.type_iri != version.type_iri)
      return fail(Code::conflict, "the model is of another type", entry.type_iri, "give it another name");
    if (entry.versions.size() >= options_.versions_max) {
      return fail(Code::busy, "the model has " + std::to_string(options_.versions_max) + " versions already", {},
                  "delete those that are not used");
    }
  }
  if (bytes_ + version.document.size() > options_.bytes_max) {
    return fail(Code::busy, "all models together may have " + std::to_string(options_.bytes_max >> 20) + " MB", {},
                "delete versions that are not used");
  }
  std::vector<Change> changes;
  changes.push_back(store_.change_of(key_of(version.name, version.version), version.document, Change::Kind::create));
  if (is_new) {
    const ModelPolicy policy{version.version, models::Mode::accept, 0};
    changes.push_back(
        store_.change_of(policy_key(version.name), policy_json(version.name, policy), Change::Kind::create));
  }
  return changes;
}

base::Status Models::put(ModelVersion version) {
  const std::lock_guard lock(mutex_);
  ModelEntry& entry = entries_[version.name];
  if (entry.versions.empty()) entry.policy = {version.version, models::Mode::accept, 0};
  entry.name = version.name;
  entry.type = version.type;
  entry.type_iri = version.type_iri;
  bytes_ += version.document.size();
  std::string key = version.version;
  entry.versions[std::move(key)] = std::make_shared<const ModelVersion>(std::move(version));
  return guard_anew();
}

base::Result<Change> Models::change_for(std::string_view name, const ModelPolicy& policy) const {
  const auto entry = find(name);
  if (!entry) return unknown_model(name);
  if (!policy.active.empty() && !entry->versions.contains(policy.active)) return unknown_version(name, policy.active);
  return store_.change_of(policy_key(name), policy_json(name, policy), Change::Kind::append);
}

base::Status Models::set_policy(std::string_view name, const ModelPolicy& policy) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return unknown_model(name);
  found->second.policy = policy;
  return guard_anew();
}

base::Result<std::vector<Change>> Models::removals_for(std::string_view name, std::string_view version) const {
  const auto entry = find(name);
  if (!entry) return unknown_model(name);
  if (!version.empty() && !entry->versions.contains(std::string(version))) return unknown_version(name, version);
  if (!version.empty() && entry->policy.active == version) {
    return fail(Code::conflict, "this version is the active one", std::string(version),
                "make another one active first, or delete the model");
  }
  std::vector<Change> changes;
  for (const auto& [one, kept] : entry->versions) {
    if (version.empty() || one == version) changes.push_back(store_.removal_of(key_of(name, one)));
  }
  if (version.empty()) changes.push_back(store_.removal_of(policy_key(name)));
  return changes;
}

void Models::erase(std::string_view name, std::string_view version) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  ModelEntry& entry = found->second;
  for (auto at = entry.versions.begin(); at != entry.versions.end();) {
    if (!version.empty() && at->first != version) {
      ++at;
      continue;
    }
    bytes_ -= at->second->document.size();
    at = entry.versions.erase(at);
  }
  if (version.empty()) {
    bound_.erase(std::string(name));
    entries_.erase(found);
  }
  // Of what is left all was compiled before.
  (void)guard_anew();
}

std::shared_ptr<const models::ModelGuard> Models::guard() const {
  const std::lock_guard lock(mutex_);
  return guard_;
}

}  // namespace cityloom::serve::ngsi_ld
