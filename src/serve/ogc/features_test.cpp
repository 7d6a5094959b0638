// The golden exchanges of OGC API - Features, its limits, and boxes against a model.
#include "serve/ogc/features.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "serve/client_test.hpp"
#include "serve/golden_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"
#include "serve/ogc/crs.hpp"

namespace cityloom::serve::ogc {
namespace {

using ngsi_ld::HubServer;

TEST(OgcFeatures, Exchanges) {
  HubServer hub;
  play_golden("src/serve/ogc/golden/features.txt", hub.port());
}

// What needs more than a little work answers the same as what does not.
TEST(OgcFeatures, GoOnWhereTheyMayTakeLong) {
  HubServer hub;
  std::string body = "[";
  for (int i = 0; i < 3'000; ++i) {
    body += (i == 0 ? "" : ",") + std::string(R"({"id":"urn:p:)") + std::to_string(i) + R"(","type":"Probe","group":)" +
            std::to_string(i % 7) + R"(,"location":{"type":"Point","coordinates":[)" + std::to_string(127 + i * 1e-5) +
            ",37.5]}}";
  }
  hub.ask("POST", "/entityOperations/create", 201, body + "]");
  TestClient client(hub.port());
  const auto ask = [&](const std::string& query) {
    const auto response = client.ask("GET", "/ogc/collections/Probe/items" + query);
    EXPECT_TRUE(response && response->status == 200) << query;
    return response ? response->body : std::string();
  };
  EXPECT_NE(ask("?limit=1").find("\"numberMatched\":3000,\"numberReturned\":1"), std::string::npos);
  EXPECT_NE(ask("?group=3&limit=5000").find("\"numberMatched\":429,\"numberReturned\":429"), std::string::npos);
  EXPECT_NE(ask("?bbox=127.0,37.4,127.02,37.6&limit=1").find("\"numberMatched\":2001"), std::string::npos);
  EXPECT_NE(ask("?limit=100000").find("\"numberReturned\":3000"), std::string::npos);
}

// The ids and the path of the next page in an answer.
std::vector<std::string> ids_in(const std::string& body) {
  std::vector<std::string> ids;
  const std::string mark = R"("type":"Feature","id":")";
  for (size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at + 1)) {
    const size_t begin = at + mark.size();
    ids.push_back(body.substr(begin, body.find('"', begin) - begin));
  }
  return ids;
}

std::string next_in(const std::string& body) {
  const size_t end = body.find(R"(","rel":"next")");
  if (end == std::string::npos) return "";
  const size_t begin = body.find("/ogc", body.rfind(R"("href":")", end));
  return body.substr(begin, end - begin);
}

// Goes through all pages; before each but the first some that are told, some that are not, and new ones change.
void crawl_while_entities_come_and_go(HubServer& hub, const std::string& type, const std::string& filter) {
  const auto create = [&](int number) {
    hub.ask("POST", "/entities", 201,
            R"({"id":"urn:)" + type + ":" + std::to_string(number) + R"(","type":")" + type + R"(","kind":"a"})");
  };
  const auto remove = [&](int number) {
    hub.ask("DELETE", "/entities/urn:" + type + ":" + std::to_string(number), 204);
  };
  for (int number = 0; number < 60; ++number) create(number);
  std::map<std::string, int> told;
  TestClient client(hub.port());
  int round = 0;
  for (std::string path = "/ogc/collections/" + type + "/items?limit=10" + filter; !path.empty(); ++round) {
    const auto response = client.ask("GET", path);
    ASSERT_TRUE(response && response->status == 200) << path;
    for (const std::string& id : ids_in(response->body)) ++told[id];
    path = next_in(response->body);
    if (round == 4 || path.empty()) continue;
    for (const int number : {10 * round, 10 * round + 1, 10 * round + 2, 59 - round}) remove(number);
    create(100 + round);
  }
  for (const auto& [id, times] : told) EXPECT_EQ(times, 1) << id;
  for (int number = 0; number < 56; ++number)
    EXPECT_EQ(told.count("urn:" + type + ":" + std::to_string(number)), 1u) << number;
  for (const int number : {100, 103}) EXPECT_EQ(told.count("urn:" + type + ":" + std::to_string(number)), 1u) << number;
  EXPECT_GE(round, 6);
}

TEST(OgcFeatures, PagesStayRightWhileEntitiesComeAndGo) {
  HubServer hub;
  crawl_while_entities_come_and_go(hub, "Plain", "");
  crawl_while_entities_come_and_go(hub, "Filtered", "&kind=a");
}

// Links of others, and made up ones: where they say is only where to look first.
TEST(OgcFeatures, AfterIsRightWhateverItSaysOfTheCount) {
  HubServer hub;
  for (int number = 0; number < 30; ++number)
    hub.ask("POST", "/entities", 201, R"({"id":"urn:n:)" + std::to_string(number) + R"(","type":"N"})");
  TestClient client(hub.port());
  const auto ids_after = [&](const std::string& after) {
    const auto response = client.ask("GET", "/ogc/collections/N/items?limit=2&after=" + after);
    EXPECT_TRUE(response && response->status == 200) << after;
    return response ? ids_in(response->body) : std::vector<std::string>();
  };
  const auto first = client.ask("GET", "/ogc/collections/N/items?limit=11");
  ASSERT_TRUE(first);
  const std::string next = next_in(first->body);
  const size_t begin = next.find("after=") + 6;
  const std::string number = next.substr(begin, next.find('-', begin) - begin);
  const std::vector<std::string> expected{"urn:n:11", "urn:n:12"};
  for (const char* count : {"0", "1", "10", "11", "12", "25", "30", "31", "4294967295"})
    EXPECT_EQ(ids_after(number + "-" + count), expected) << count;
  EXPECT_EQ(ids_after("4294967295-3"), std::vector<std::string>());
  for (const char* wrong : {"", "-", "3", "3-", "-3", "a-1", "3-1-1", "3--1", "4294967296-1", "3-1&offset=2"}) {
    const auto response = client.ask("GET", std::string("/ogc/collections/N/items?after=") + wrong);
    EXPECT_TRUE(response && response->status == 400) << wrong;
  }
}

twin::Geometry polygon(std::initializer_list<std::pair<double, double>> corners) {
  twin::Geometry made{twin::GeometryKind::polygon, {}, {}, {}};
  for (const auto& [x, y] : corners) made.positions.push_back({x, y});
  made.positions.push_back(made.positions.front());
  made.line_ends = {static_cast<uint32_t>(made.positions.size())};
  return made;
}

// By many points: a model that needs no geometry of lines.
bool meets_by_points(const twin::Geometry& triangle, double west, double south, double east, double north) {
  constexpr int steps = 60;
  const auto& p = triangle.positions;
  for (int i = 0; i <= steps; ++i) {
    for (int j = 0; i + j <= steps; ++j) {
      const double a = static_cast<double>(i) / steps, b = static_cast<double>(j) / steps, c = 1 - a - b;
      const double x = a * p[0].longitude_deg + b * p[1].longitude_deg + c * p[2].longitude_deg;
      const double y = a * p[0].latitude_deg + b * p[1].latitude_deg + c * p[2].latitude_deg;
      if (x >= west && x <= east && y >= south && y <= north) return true;
    }
  }
  return false;
}

TEST(OgcBox, MeetsWhatHasAPointInIt) {
  std::mt19937 chance(7);
  std::uniform_real_distribution<double> place(0, 10);
  const auto crs = Crs::find({}, "crs");
  ASSERT_TRUE(crs.ok());
  int met = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto triangle =
        polygon({{place(chance), place(chance)}, {place(chance), place(chance)}, {place(chance), place(chance)}});
    const double west = place(chance), south = place(chance), east = west + 2, north = south + 2;
    const std::string text =
        std::to_string(west) + "," + std::to_string(south) + "," + std::to_string(east) + "," + std::to_string(north);
    const auto box = BoxFilter::read(text, *crs);
    ASSERT_TRUE(box.ok());
    const bool by_points = meets_by_points(triangle, west, south, east, north);
    // The points may miss a thin corner, never see one that is not there.
    if (by_points) EXPECT_TRUE(box->meets(triangle)) << text;
    if (box->meets(triangle)) {
      ++met;
      EXPECT_TRUE(meets_by_points(triangle, west - 0.2, south - 0.2, east + 0.2, north + 0.2)) << text;
    }
  }
  EXPECT_GT(met, 300);
}

TEST(OgcBox, SurroundingHoldsTheBox) {
  for (const char* uri : {"EPSG:4326", "EPSG:3857", "EPSG:5179", "EPSG:5186"}) {
    const auto crs = Crs::find(uri, "crs");
    ASSERT_TRUE(crs.ok()) << uri;
    twin::Geometry corners{twin::GeometryKind::multi_point, {{127.0, 37.4}, {127.2, 37.6}}, {}, {}};
    ASSERT_TRUE(crs->transform(corners));
    const auto& from = corners.positions[0];
    const auto& to = corners.positions[1];
    const auto box = BoxFilter::read(std::to_string(from.longitude_deg) + "," + std::to_string(from.latitude_deg) +
                                         "," + std::to_string(to.longitude_deg) + "," + std::to_string(to.latitude_deg),
                                     *crs);
    ASSERT_TRUE(box.ok()) << uri;
    const auto around = box->surrounding();
    ASSERT_TRUE(around) << uri;
    const twin::Box bounds = twin::bounds_of(*around);
    EXPECT_LE(bounds.west_deg, 127.0) << uri;
    EXPECT_GE(bounds.north_deg, 37.6) << uri;
    EXPECT_GT(bounds.west_deg, 126.9) << uri;
    EXPECT_LT(bounds.north_deg, 37.7) << uri;
  }
}

}  // namespace
}  // namespace cityloom::serve::ogc
