// The description of the hub: every door is in it and it has no other, every reference leads somewhere, and no body
// goes without a schema.
#include "serve/ngsi/body_schemas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "serve/api/doors.hpp"
#include "serve/ngsi/api.hpp"
#include "store/store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

class Description : public testing::Test {
 protected:
  Description() : gate_(trust::make_open_gate()) {
    tenants_ = std::make_unique<Tenants>(thread::Thread::open(store::make_memory_store(), clock_).value());
    api_ = NgsiApi::open(*tenants_, *gate_, clock_).value();
    api_->add_routes(router_);
  }

  element document(const OpenApiScope& scope = {}) {
    text_ = openapi_text(router_, scope);
    return parser_.parse(text_);
  }

  base::SystemClock clock_;
  std::unique_ptr<trust::Gate> gate_;
  std::unique_ptr<Tenants> tenants_;
  std::unique_ptr<NgsiApi> api_;
  Router router_;
  std::string text_;
  simdjson::dom::parser parser_;
};

std::string method_of(const Route& route) {
  std::string method(name_of(route.method));
  for (char& c : method) c = static_cast<char>(c + 32);
  return method;
}

// "GET /a/{b}" of each door.
std::set<std::string> doors_of(const Router& router) {
  std::set<std::string> doors;
  for (const auto& route : router.routes()) {
    std::string path = route->path;
    if (const size_t star = path.find("*}"); star != std::string::npos) path.erase(star, 1);
    if (!route->hidden) doors.insert(method_of(*route) + ' ' + path);
  }
  return doors;
}

TEST_F(Description, HoldsEveryDoorAndNoOther) {
  std::set<std::string> told;
  const object paths = document()["paths"].get_object().value();
  for (const auto& [path, methods] : paths) {
    const object operations = methods.get_object().value();
    for (const auto& [method, operation] : operations) told.insert(std::string(method) + ' ' + std::string(path));
  }
  EXPECT_THAT(told, testing::ContainerEq(doors_of(router_)));
  EXPECT_GT(told.size(), 80u);
}

TEST_F(Description, LeadsSomewhereWithEveryReference) {
  for (const OpenApiScope& scope : {OpenApiScope{}, OpenApiScope{"3.0.3", "/ogc", "http://a/ogc"}}) {
    const element all = document(scope);
    const std::string mark = R"("$ref":"#/)";
    for (size_t at = text_.find(mark); at != std::string::npos; at = text_.find(mark, at + 1)) {
      const size_t begin = at + mark.size() - 1;
      const std::string pointer = text_.substr(begin, text_.find('"', begin) - begin);
      EXPECT_EQ(all.at_pointer(pointer).error(), simdjson::SUCCESS) << pointer;
    }
  }
}

TEST_F(Description, GivesEveryBodyASchema) {
  document();
  for (const auto& route : router_.routes()) {
    if (route->hidden || !route->path.starts_with("/ngsi-ld/")) continue;
    for (const Content& content : route->request_body) EXPECT_FALSE(content.schema.empty()) << route->operation_id;
    for (const Answer& answer : route->answers) {
      for (const Content& content : answer.contents)
        EXPECT_FALSE(content.schema.empty()) << route->operation_id << ' ' << answer.status;
    }
  }
}

// Each answer that a door can give has a place of its own: there is no "default" that would allow any.
TEST_F(Description, NamesEachStatus) {
  const object paths = document()["paths"].get_object().value();
  for (const auto& [path, methods] : paths) {
    const object operations = methods.get_object().value();
    for (const auto& [method, operation] : operations) {
      const object answers = operation["responses"].get_object().value();
      EXPECT_NE(answers["default"].error(), simdjson::SUCCESS) << path;
      EXPECT_EQ(answers["400"].error(), simdjson::SUCCESS) << path;
      EXPECT_EQ(answers["503"].error(), simdjson::SUCCESS) << path;
    }
  }
}

// What OpenAPI 3.0 does not know stays out of the description of OGC's doors.
TEST_F(Description, OfAPartHoldsTheSchemasOfThatPart) {
  const element part = document({"3.0.3", "/ogc", "http://a/ogc"});
  EXPECT_EQ(part["components"]["schemas"]["Problem"].error(), simdjson::SUCCESS);
  EXPECT_NE(part["components"]["schemas"]["Entity"].error(), simdjson::SUCCESS);
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
