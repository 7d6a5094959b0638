// Timetables: days, exceptions, past midnight, changes of the clock; Porto Alegre against Python's own reckoning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "space/formats/zip_archive.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/zip_writer.hpp"
#include "space/transit/timetable.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using testing::shared_data;
using testing::zip_of;
using twin::Value;

std::map<std::string, std::string> small_feed() {
  return {
      {"agency.txt", "agency_id,agency_name,agency_url,agency_timezone\nA,서울버스,http://a,Europe/Berlin\n"},
      {"stops.txt",
       "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\nS,역,52.5,13.4,1,\na,가,52.5,13.4,0,S\n"
       "b,나,52.51,13.4,0,\nc,다,52.53,13.4,0,\n"},
      {"routes.txt",
       "route_id,agency_id,route_short_name,route_long_name,route_type,route_color\nR,A,1,Night,3,FF0000\n"},
      {"trips.txt", "route_id,service_id,trip_id,trip_headsign\nR,W,n,Home\nR,W,m,Work\n"},
      {"calendar.txt",
       "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
       "W,1,1,1,1,1,0,0,20260301,20261231\n"},
      {"calendar_dates.txt", "service_id,date,exception_type\nW,20260501,2\nW,20260502,1\n"},
      {"stop_times.txt",
       "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nn,25:00:00,25:10:00,a,1\nn,,,b,2\nn,25:40:00,,c,3\n"
       "m,08:00:00,08:00:00,a,1\nm,08:30:00,08:30:00,c,9\n"}};
}

struct Feed {
  std::unique_ptr<MemorySink> sink = std::make_unique<MemorySink>();
  TimetableIndex index;
  ImportReport report;
};

Feed feed_of(const std::string& bytes) {
  Feed feed;
  auto report = import_bytes("f.zip", bytes, *feed.sink);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  if (!report) return feed;
  feed.report = *report;
  const auto name = std::get<std::string>(feed.sink->value("urn:ngsi-ld:TransitFeed:f", "timetable"));
  auto index = TimetableIndex::decode(feed.sink->assets.at(name));
  EXPECT_TRUE(index.ok());
  feed.index = std::move(*index);
  return feed;
}

std::vector<std::string> ask(const Feed& feed, const std::string& stop, const std::string& from,
                             int64_t window_s = 3'600) {
  DepartureRequest request{"urn:ngsi-ld:TransitStop:" + stop, *base::Instant::parse(from), window_s, 1'000};
  const auto found = departures_of(feed.index, request, [&](const std::string& name) {
    return base::Result<std::shared_ptr<const std::string>>(
        std::make_shared<const std::string>(feed.sink->assets.at(name)));
  });
  EXPECT_TRUE(found.ok()) << (found ? "" : found.error().text());
  std::vector<std::string> texts;
  if (!found) return texts;
  for (const Departure& one : *found) {
    texts.push_back(one.at.text().substr(0, 16) + " " + one.trip->id + (one.is_approximate ? " about" : ""));
  }
  return texts;
}

TEST(Gtfs, PastMidnightExceptionsAndStations) {
  const Feed feed = feed_of(zip_of(small_feed()));
  EXPECT_EQ(feed.report.warnings_count, 0u);
  using Texts = std::vector<std::string>;
  // 25:10 of Thursday 30 April is 01:10 on 1 May in Berlin, 23:10 UTC; the service of 1 May does not run.
  EXPECT_EQ(ask(feed, "f-a", "2026-04-30T22:00:00Z", 86'400), (Texts{"2026-04-30T23:10 n"}));
  // An added Saturday.
  EXPECT_EQ(ask(feed, "f-a", "2026-05-02T00:00:00Z", 86'400), (Texts{"2026-05-02T06:00 m", "2026-05-02T23:10 n"}));
  EXPECT_EQ(ask(feed, "f-S", "2026-05-02T05:00:00Z", 7'200), (Texts{"2026-05-02T06:00 m"})) << "a station's platforms";
  // A third of the way, 1,112 of 3,337 m.
  EXPECT_EQ(ask(feed, "f-b", "2026-05-04T22:00:00Z", 7'200), (Texts{"2026-05-04T23:20 n about"}));
  EXPECT_EQ(ask(feed, "f-c", "2026-05-04T00:00:00Z", 86'400), Texts{}) << "where trips end nobody boards";
  EXPECT_EQ(feed.sink->value("urn:ngsi-ld:TransitRoute:f-R", "category"), Value(std::string("bus")));
  EXPECT_EQ(feed.sink->value("urn:ngsi-ld:TransitStop:f-a", "partOf"),
            Value(std::string("urn:ngsi-ld:TransitStop:f-S")));
}

TEST(Gtfs, WhenTheClockChangesTheServiceDayBeginsTwelveHoursBeforeNoon) {
  auto files = small_feed();
  files["calendar_dates.txt"] = "service_id,date,exception_type\nW,20260329,1\n";
  const Feed feed = feed_of(zip_of(files));
  // 29 March 2026: at 02:00 the clock goes to 03:00. Noon is 10:00 UTC, so 08:00 is 06:00 UTC.
  EXPECT_EQ(ask(feed, "f-a", "2026-03-29T05:00:00Z", 7'200), (std::vector<std::string>{"2026-03-29T06:00 m"}));
  // 25:10 of Friday is 00:10 UTC of Saturday.
  EXPECT_EQ(ask(feed, "f-a", "2026-03-27T23:00:00Z", 7'200), (std::vector<std::string>{"2026-03-28T00:10 n"}));
}

TEST(Gtfs, FrequenciesAreWrittenOut) {
  auto files = small_feed();
  files["frequencies.txt"] = "trip_id,start_time,end_time,headway_secs\nm,08:00:00,09:00:00,1200\n";
  const Feed feed = feed_of(zip_of(files));
  EXPECT_EQ(ask(feed, "f-a", "2026-05-05T05:00:00Z", 10'800).size(), 3u);
}

TEST(Gtfs, AFolderOfTablesIsTheFeedThatAnArchiveOfThemIs) {
  const auto folder = std::filesystem::temp_directory_path() / ("cityloom-gtfs-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "f");
  for (const auto& [name, text] : small_feed()) std::ofstream(folder / "f" / name) << text;
  std::ofstream(folder / "f" / "shelter.geojson") << R"({"type":"Point","coordinates":[13.4,52.5]})";
  MemorySink sink;
  const auto report = import_city(folder.string(), sink);
  const auto again = import_city(folder.string(), sink);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->files, ::testing::UnorderedElementsAre("f", "f/shelter.geojson"));
  EXPECT_TRUE(report->ignored.empty());
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(std::tuple(again->imported, again->removed), std::tuple(0u, 0u));
  const Feed packed = feed_of(zip_of(small_feed()));
  for (const char* id : {"urn:ngsi-ld:TransitStop:f-a", "urn:ngsi-ld:TransitRoute:f-R"}) {
    EXPECT_EQ(sink.value(id, "name"), packed.sink->value(id, "name")) << id;
  }
  EXPECT_EQ(sink.count("TransitStop"), packed.sink->count("TransitStop"));
}

TEST(Gtfs, BadRowsAndHostileArchives) {
  auto files = small_feed();
  files["stop_times.txt"] += "x,1,1,a,1\nm,99:99:99,,b,5\nm,08:10:00,08:10:00,nowhere,4\n";
  const Feed feed = feed_of(zip_of(files));
  EXPECT_EQ(feed.report.warnings_count, 3u);
  MemorySink sink;
  const std::string good = zip_of(small_feed());
  files = small_feed();
  files.erase("trips.txt");
  EXPECT_THAT(import_bytes("f.zip", zip_of(files), sink).error().text(), HasSubstr("trips.txt"));
  for (size_t cut : {good.size() - 10, good.size() / 2, size_t{60}}) {
    EXPECT_FALSE(import_bytes("f.zip", good.substr(0, cut), sink).ok());
  }
  std::string wrong = good;
  wrong[good.find("서울버스")] = 'x';
  EXPECT_THAT(import_bytes("f.zip", wrong, sink).error().text(), HasSubstr("sum"));
  EXPECT_TRUE(sink.entities.empty()) << "a damaged feed is found before anything is written";
}

TEST(Gtfs, ABombStopsAtWhatItsListSays) {
  // A megabyte of zeros, packed, that the list calls ten bytes.
  const std::string packed = testing::packed_by_zlib(std::string(1'000'000, '\0'), -15);
  std::string bytes = zip_of({{"stops.txt", packed}});
  const size_t list = bytes.find("PK\x01\x02");
  bytes[list + 10] = 8;
  bytes.replace(list + 24, 4, std::string("\x0A\0\0\0", 4));
  auto archive = ZipArchive::open("", bytes);
  ASSERT_TRUE(archive.ok());
  auto reader = archive->read(archive->entries().front());
  ASSERT_TRUE(reader.ok());
  char buffer[4'096];
  const auto read = reader->read(buffer, sizeof buffer);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::Code::corrupt);
}

TEST(Timetable, PackedAndUnpackedIsEqual) {
  const std::vector<StopDeparture> departures{{-60, 3, false}, {0, 1, true}, {90'000, 4'000'000, false}};
  EXPECT_EQ(*unpack_departures(pack_departures(departures)), departures);
  EXPECT_FALSE(unpack_departures("\xFF\xFF").ok());
  EXPECT_FALSE(TimetableIndex::decode("CLTT1\n\xFF\xFF\xFF\xFF").ok());
  EXPECT_EQ(date_text(*parse_service_date("20240229")), "2024-02-29");
  EXPECT_FALSE(parse_service_date("20230229").ok());
  EXPECT_EQ(*parse_service_time(" 7:05:09"), 25'509);
  EXPECT_FALSE(parse_service_time("7:65:09").ok());
}

TEST(Gtfs, PortoAlegre) {
  const std::string path = shared_data("transit/porto-alegre-gtfs.zip");
  CITYLOOM_REQUIRE_SHARED(path);
  Feed feed;
  const auto report = import_file(path, *feed.sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->warnings_count, 0u);
  EXPECT_EQ(feed.sink->count("TransitStop"), 3'986u);
  EXPECT_EQ(feed.sink->count("TransitRoute"), 115u);
  const std::string id = "urn:ngsi-ld:TransitFeed:porto-alegre-gtfs";
  EXPECT_EQ(feed.sink->value(id, "stopTimeCount"), Value(int64_t{130'019}));
  EXPECT_EQ(feed.sink->value(id, "tripCount"), Value(int64_t{2'374}));
  EXPECT_EQ(feed.sink->value(id, "timeZone"), Value(std::string("America/Sao_Paulo")));
  feed.index = *TimetableIndex::decode(feed.sink->assets.at(std::get<std::string>(feed.sink->value(id, "timetable"))));
  // At the stop 4019 trips begin: 52 on a Thursday, none on Good Friday and on a Sunday. Brazil was at UTC-3.
  const auto exact = [&](const std::string& stop, const std::string& day) {
    size_t count = 0;
    for (const std::string& text : ask(feed, "porto-alegre-gtfs-" + stop, day + "T03:00:00Z", 86'400)) {
      count += text.ends_with("about") ? 0u : 1u;
    }
    return count;
  };
  EXPECT_EQ(exact("4019", "2019-05-02"), 52u);
  EXPECT_EQ(exact("4019", "2019-04-19"), 0u);
  EXPECT_EQ(exact("6465", "2019-05-02"), 39u);
  EXPECT_EQ(exact("6465", "2019-04-19"), 31u);
  EXPECT_EQ(exact("6465", "2019-08-01"), 0u) << "the timetable has ended";
  EXPECT_THAT(ask(feed, "porto-alegre-gtfs-1511", "2019-05-02T15:00:00Z", 300),
              ::testing::Contains("2019-05-02T15:02 T1-2@1#1202"));
  EXPECT_THAT(ask(feed, "porto-alegre-gtfs-1548", "2019-05-02T15:09:00Z", 120),
              ::testing::Contains("2019-05-02T15:10 T1-2@1#1202 about"));
}

}  // namespace
}  // namespace cityloom::space
