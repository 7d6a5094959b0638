// One round of requests to sources for their types and attributes. ETSI GS CIM 009 clauses 4.3.6, 5.7.5 - 5.7.10.
#include <algorithm>

#include "ngsi/discovery.hpp"
#include "serve/ngsi/discovered.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

// The sources under way, in the order of their answers, and who waits for them.
struct Round {
  Round(Call waiting, std::shared_ptr<GatheredTypes> to, void (*then)(Call))
      : call(std::move(waiting)), gathered(std::move(to)), run(then) {}
  Call call;
  std::shared_ptr<GatheredTypes> gathered;
  void (*run)(Call);
  std::vector<SourceDress> dresses;
};

class Taker {
 public:
  Taker(const ngsi::Registration& registration, twin::TermTable& terms, Discovered& to)
      : registration_(registration), terms_(terms), to_(to) {}

  // A source tells of what it is registered for, and of nothing else (clause 4.3.6.1).
  base::Status take(const ngsi::Told& told) {
    for (const ngsi::ToldType& type : told.types) {
      if (!is_registered(type.iri, {})) continue;
      const auto name = terms_.intern(type.iri);
      if (!name) return name.error();
      TypeFound& about = to_.types[*name];
      about.entities = std::max(about.entities, type.entities);
      for (const ngsi::ToldAttribute& attribute : type.attributes) {
        if (!is_registered(type.iri, attribute.iri)) continue;
        const auto term = terms_.intern(attribute.iri);
        if (!term) return term.error();
        about.attributes[*term].insert(attribute.kinds.begin(), attribute.kinds.end());
      }
    }
    for (const ngsi::ToldAttribute& attribute : told.attributes) {
      if (const auto status = take(attribute); !status.ok()) return status;
    }
    return {};
  }

 private:
  base::Status take(const ngsi::ToldAttribute& attribute) {
    if (!is_registered({}, attribute.iri)) return {};
    const auto name = terms_.intern(attribute.iri);
    if (!name) return name.error();
    AttributeFound& about = to_.attributes[*name];
    about.instances = std::max(about.instances, attribute.instances);
    about.kinds.insert(attribute.kinds.begin(), attribute.kinds.end());
    for (const std::string& type : attribute.types) {
      if (!is_registered(type, attribute.iri)) continue;
      const auto term = terms_.intern(type);
      if (!term) return term.error();
      about.types.insert(*term);
    }
    return {};
  }
  bool is_registered(const std::string& type, const std::string& attribute) const {
    ngsi::SourceQuery query;
    if (!type.empty()) query.types = {{type}};
    if (!attribute.empty()) query.attributes = {attribute};
    return ngsi::matches(query, registration_);
  }

  const ngsi::Registration& registration_;
  twin::TermTable& terms_;
  Discovered& to_;
};

void take(const SourceAnswer& answer, const SourceDress& dress, GatheredTypes& gathered, Discovered& to) {
  if (!answer.ok()) {
    if (std::string warning = warning_of(answer); !warning.empty()) gathered.warn(std::move(warning));
    return;
  }
  const auto told = ngsi::parse_discovery(answer.response->body, *dress.context);
  const auto status =
      told.ok() ? Taker(answer.source->registration(), gathered.terms(), to).take(*told) : base::Status(told.error());
  if (!status.ok()) gathered.warn(warning_of_content(*answer.source, status.error().what));
}

void finish(Round& round, const std::vector<SourceAnswer>& answers) {
  // A broker that is registered several times tells the same several times.
  std::map<std::pair<std::string, std::string>, Discovered> brokers;
  for (size_t i = 0; i < answers.size(); ++i) {
    const ngsi::Registration& registration = answers[i].source->registration();
    take(answers[i], round.dresses[i], *round.gathered, brokers[{registration.endpoint, registration.tenant}]);
  }
  for (const auto& [broker, told] : brokers) round.gathered->found.add(told);
  round.call.set_gathered(round.gathered);
  round.run(std::move(round.call));
}

}  // namespace

void Discovered::add(const Discovered& other) {
  for (const auto& [type, about] : other.types) {
    TypeFound& to = types[type];
    to.entities += about.entities;
    for (const auto& [attribute, kinds] : about.attributes) to.attributes[attribute].insert(kinds.begin(), kinds.end());
  }
  for (const auto& [attribute, about] : other.attributes) {
    AttributeFound& to = attributes[attribute];
    to.instances += about.instances;
    to.kinds.insert(about.kinds.begin(), about.kinds.end());
    to.types.insert(about.types.begin(), about.types.end());
  }
}

bool discover(Call& call, const TenantState& tenant, const Discovery& asked, void (*run)(Call)) {
  if (call.gathered()) return false;
  Way way;
  const Reached how_far = reached(call, tenant, way);
  if (how_far != Reached::beyond) return how_far == Reached::answered;
  ngsi::SourceQuery query;
  if (!asked.type.empty()) query.types = {{asked.type}};
  if (!asked.attribute.empty()) query.attributes = {asked.attribute};
  const auto sources = sources_for(call, tenant, query, way);
  if (!sources.ok()) {
    call.fail(sources.error());
    return true;
  }
  std::vector<SourceRequest> requests;
  std::vector<SourceDress> dresses;
  for (const SourcePointer& source : *sources) {
    if (!source->registration().operations.has(asked.operation)) continue;
    SourceDress dress = dress_of(call, *source);
    std::string target = asked.path;
    const std::string& one = asked.type.empty() ? asked.attribute : asked.type;
    if (!one.empty()) target += '/' + percent_encoded(dress.compact(one));
    if (asked.details) add_parameter(target, "details", "true");
    requests.push_back({source, request_to(call, *source, way, dress, "GET", std::move(target)), true});
    dresses.push_back(std::move(dress));
  }
  if (requests.empty()) return false;
  auto gathered = std::make_shared<GatheredTypes>(tenant, call.context());
  Forwarder& forwarder = *call.services().forwarder;
  auto round = std::make_shared<Round>(std::move(call), std::move(gathered), run);
  round->dresses = std::move(dresses);
  forwarder.send(std::move(requests), [round](std::vector<SourceAnswer> answers) {
    round->call.take_reply().run_long([round, answers = std::move(answers)](Reply back) {
      round->call.set_reply(std::move(back));
      finish(*round, answers);
    });
  });
  return true;
}

}  // namespace cityloom::serve::ngsi_ld
