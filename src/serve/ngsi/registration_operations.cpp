// Registrations of context sources created, discovered, retrieved, updated and deleted. ETSI GS CIM 009 clauses
// 5.9.2 - 5.9.4, 5.10.1, 5.10.2, 6.8, 6.9.
#include <algorithm>
#include <atomic>

#include "ngsi/registration.hpp"
#include "ngsi/syntax.hpp"
#include "serve/ngsi/registrations.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::Registration;
using thread::Change;

Error unknown_registration(std::string_view id) {
  return {Code::not_found, "there is no registration with this id", std::string(id), {}};
}

std::string new_id(const Services& services) {
  static std::atomic<uint64_t> made{0};
  return "urn:ngsi-ld:ContextSourceRegistration:" + std::to_string(services.clock.now().microseconds) + "-" +
         std::to_string(++made);
}

// Registrations live on main: a branch has no sources of its own.
bool on_main(Call& call) {
  const std::string_view branch = call.request().branch();
  if (branch.empty() || branch == "main") return true;
  call.fail({Code::invalid, "registrations are of the main branch only", "branch", {}});
  return false;
}

// Checks what only the record can tell, then records the registration. `run`: to begin again where it may take long.
void record(Call call, const Writing& writing, Registration registration, Change::Kind kind, void (*run)(Call)) {
  if (!registration.tenant.empty()) {
    if (const auto status = Tenants::check_name(registration.tenant); !status.ok()) return call.fail(status.error());
  }
  const auto registrations = call.services().state_of(*writing.thread).registrations;
  const bool exists = registrations->find(registration.id) != nullptr;
  if (kind == Change::Kind::create && exists) {
    return call.fail({Code::already_exists, "there is a registration with this id already", registration.id, {}});
  }
  const auto status = registrations->check_conflicts(registration, call.bounds());
  if (!status.ok() && status.error().code == Code::cancelled && !call.is_long())
    return Call::go_long(std::move(call), run);
  if (!status.ok()) return call.fail_read(status.error());
  auto change = registrations->change_of(registration, kind);
  if (!change.ok()) return call.fail(change.error());
  std::vector<Change> changes;
  changes.push_back(std::move(change).value());
  Call::append(std::move(call), writing, std::move(changes),
               [registrations, registration = std::move(registration), kind](
                   const Call& answered, base::Result<thread::Outcomes> outcomes) mutable {
                 const auto& outcome = outcomes->front();
                 const std::string id = registration.id;
                 if (!outcome.ok()) {
                   Error error = outcome.error();
                   error.where = id;
                   if (error.code == Code::already_exists) error.what = "there is a registration with this id already";
                   return answered.failure(error);
                 }
                 registrations->put(std::move(registration));
                 Response response = Response::empty(kind == Change::Kind::create ? 201 : 204);
                 if (kind == Change::Kind::create) {
                   response.header("Location", "/ngsi-ld/v1/csourceRegistrations/" + percent_encoded(id));
                 }
                 return response;
               });
}

// NGSI-LD: 5.9.2 register a context source
void create_registration(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  auto registration = ngsi::parse_registration(call.body(), *call.context(), call.services().clock.now());
  if (!registration.ok()) return call.fail(registration.error());
  if (registration->id.empty()) registration->id = new_id(call.services());
  record(std::move(call), *writing, std::move(registration).value(), Change::Kind::create, create_registration);
}

// NGSI-LD: 5.9.3 update a registration
void update_registration(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  const std::string id(call.request().path_value("registrationId"));
  const auto source = call.services().state_of(*writing->thread).registrations->find(id);
  if (!source) return call.fail(unknown_registration(id));
  auto registration =
      ngsi::update_registration(source->registration(), call.body(), *call.context(), call.services().clock.now());
  if (!registration.ok()) return call.fail(registration.error());
  record(std::move(call), *writing, std::move(registration).value(), Change::Kind::append, update_registration);
}

// NGSI-LD: 5.9.4 delete a registration
void delete_registration(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  const std::string id(call.request().path_value("registrationId"));
  const auto registrations = call.services().state_of(*writing->thread).registrations;
  if (!registrations->find(id)) return call.fail(unknown_registration(id));
  std::vector<Change> changes;
  changes.push_back(registrations->removal_of(id));
  Call::append(
      std::move(call), *writing, std::move(changes),
      [registrations, id](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        const auto& outcome = outcomes->front();
        if (!outcome.ok()) {
          return answered.failure(outcome.error().code == Code::not_found ? unknown_registration(id) : outcome.error());
        }
        registrations->erase(id);
        return Response::empty();
      });
}

void append_one(const Call& call, const Source& source, std::string& to) {
  const std::string_view context =
      call.answer() == Media::ld_json ? std::string_view(call.context()->json()) : std::string_view{};
  const ngsi::RegistrationStatus status = source.status();
  ngsi::append_registration(source.registration(), &status, call.has_option(option_sys_attrs), call.context().get(),
                            context, to);
}

// NGSI-LD: 5.10.1 retrieve a registration
void retrieve_registration(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const std::string_view id = call.request().path_value("registrationId");
  const auto source = call.services().state_of(*reading->thread).registrations->find(id);
  if (!source) return call.fail(unknown_registration(id));
  std::string body;
  append_one(call, *source, body);
  call.send(body_response(call, std::move(body)));
}

// What the request asks of sources.
base::Result<ngsi::SourceQuery> asked_of(const Call& call, const ngsi::QueryParameters& parameters) {
  auto query = ngsi::source_query_of(parameters, *call.context());
  if (!query.ok()) return query;
  const ngsi::TemporalParameters times{call.parameter_text("timerel"),
                                       call.parameter_text("timeAt"),
                                       call.parameter_text("endTimeAt"),
                                       call.parameter_text("timeproperty"),
                                       {}};
  const auto temporal = ngsi::parse_temporal(times);
  if (!temporal.ok()) return temporal.error();
  if (times.timerel) query->window = temporal->window;
  if (const auto datasets = call.parameter("datasetId")) {
    for (const std::string_view dataset : split(*datasets, ',')) {
      if (dataset != "@none" && !ngsi::is_uri(dataset))
        return base::fail(Code::invalid, "must be a URI or @none", "datasetId");
      query->dataset_ids.emplace_back(dataset);
    }
  }
  const bool narrow = parameters.type || parameters.georel || !query->asks_for_everything();
  if (!narrow) {
    return base::fail(Code::invalid,
                      "the query asks for every source: at least one of type, attrs, q, georel or id is needed");
  }
  return query;
}

// NGSI-LD: 5.10.2 query registrations (discovery)
void query_registrations(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const ngsi::QueryParameters parameters = selection_of(call);
  auto query = asked_of(call, parameters);
  if (!query.ok()) return call.fail(query.error());
  const auto filter = ngsi::SourceFilter::make(parameters, *call.context());
  if (!filter.ok()) return call.fail(filter.error());
  const auto registrations = call.services().state_of(*reading->thread).registrations;
  // Many registrations under a filter of their own are looked at where that may take long.
  if (!call.is_long() && !registrations->empty() && !filter->is_empty())
    return Call::go_long(std::move(call), query_registrations);
  auto found = registrations->matching(*query);
  std::erase_if(found, [&](const SourcePointer& source) { return !filter->matches(source->registration(), true); });
  const thread::Page& page = call.page();
  const size_t from = std::min(page.offset, found.size());
  const size_t to = from + std::min(page.limit, found.size() - from);
  std::string body = "[";
  for (size_t i = from; i < to; ++i) {
    if (body.size() > 1) body += ',';
    append_one(call, *found[i], body);
  }
  body += ']';
  Response response = body_response(call, std::move(body));
  add_page_headers(call, to < found.size(), found.size(), response);
  call.send(std::move(response));
}

Route route_of(Method method, const char* path, trust::Action action, const char* operation_id, const char* summary,
               int status) {
  return {method, path, action, operation_id, {}, summary, {}, {}, {}, {{status, "Done", {}}}};
}

}  // namespace

void add_registration_operations(Router& router, Services& services) {
  Form create;
  create.body = Form::Body::object;
  Form update = create;
  update.patch = true;
  Form read;
  read.answers = json_answers;
  read.options = option_sys_attrs | option_count;
  Form list = read;
  list.paged = true;
  constexpr const char* all = "/csourceRegistrations";
  constexpr const char* one = "/csourceRegistrations/{registrationId}";
  add_operation(router, services,
                route_of(Method::post, all, trust::Action::write, "createCSR", "Register a context source", 201),
                create, create_registration);
  Route query = route_of(Method::get, all, trust::Action::read, "queryCSR", "Find context sources", 200);
  query.parameters = selection_parameters();
  for (Parameter& parameter : temporal_parameters()) {
    if (parameter.name.starts_with("time") || parameter.name == "endTimeAt") query.parameters.push_back(parameter);
  }
  for (auto& [name, what] : std::initializer_list<std::pair<const char*, const char*>>{
           {"datasetId", "Comma separated datasets of which the source has one"},
           {"geometryProperty", "Not used here"},
           {"lang", "Not used here"}}) {
    query.parameters.push_back(query_parameter(name, what));
  }
  add_operation(router, services, std::move(query), list, query_registrations);
  add_operation(router, services,
                route_of(Method::get, one, trust::Action::read, "retrieveCSR", "Retrieve a registration", 200), read,
                retrieve_registration);
  add_operation(router, services,
                route_of(Method::patch, one, trust::Action::write, "updateCSR", "Update a registration", 204), update,
                update_registration);
  add_operation(router, services,
                route_of(Method::del, one, trust::Action::write, "deleteCSR", "Delete a registration", 204), Form{},
                delete_registration);
}

}  // namespace cityloom::serve::ngsi_ld
