//! Every fault that a configuration can have, by number. Numbers are never reused.

/// In which pass a fault is found: later passes need the earlier ones to have succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The files, their TOML, their keys and each value by itself.
    Fields,
    /// Values against each other.
    References,
    /// Values against this machine: files, devices, credentials.
    Environment,
    /// `[[test]]`: messages against what they must come to. Only `check` makes it.
    Tests,
}

impl Layer {
    /// All passes, in order.
    pub const ALL: [Self; 4] = [
        Self::Fields,
        Self::References,
        Self::Environment,
        Self::Tests,
    ];

    /// What `check` calls the pass.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fields => "syntax and fields",
            Self::References => "references",
            Self::Environment => "environment",
            Self::Tests => "tests",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident $id:literal $layer:ident,)+) => {
        /// What is wrong, in one word. The first letter of the id is the severity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])+ $name,)+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number under which it is documented.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The pass that finds it.
            pub fn layer(self) -> Layer {
                match self { $(Self::$name => Layer::$layer,)+ }
            }
        }
    };
}

codes! {
    /// The file cannot be opened.
    FileUnreadable "E001" Fields,
    /// The path is not a regular file.
    NotAFile "E002" Fields,
    /// The file is not UTF-8 text.
    NotText "E003" Fields,
    /// The file sets nothing.
    Empty "E004" Fields,
    /// The file, or the number of files, is beyond its bound.
    TooLarge "E005" Fields,
    /// Not TOML, in a way that has no number of its own.
    Syntax "E010" Fields,
    /// A text without its closing quote.
    OpenString "E011" Fields,
    /// A key set twice in one file.
    Twice "E012" Fields,
    /// A key set in two files.
    TwiceInFiles "E013" Fields,
    /// A table header that is not closed, or not a name.
    Header "E014" Fields,
    /// A key without a value.
    NoValue "E015" Fields,
    /// A text without quotes, or a number that is none.
    BadValue "E016" Fields,
    /// A key without `=`.
    NoEquals "E017" Fields,
    /// An array or an inline table that is not closed, or has its commas wrong.
    OpenBracket "E018" Fields,
    /// A backslash in a text that means nothing.
    Escape "E019" Fields,
    /// A key that is not known.
    UnknownKey "E020" Fields,
    /// A table that is not known.
    UnknownTable "E021" Fields,
    /// A required key that is not set.
    Missing "E022" Fields,
    /// A value of another kind.
    WrongType "E023" Fields,
    /// A word that is none of the choices.
    NotAChoice "E024" Fields,
    /// Not a duration.
    Duration "E025" Fields,
    /// A duration beyond its bounds.
    DurationBounds "E026" Fields,
    /// Not a size.
    Size "E027" Fields,
    /// A size beyond its bounds.
    SizeBounds "E028" Fields,
    /// Not the address of a broker.
    Url "E029" Fields,
    /// A broker address with a scheme that is not spoken.
    UrlScheme "E030" Fields,
    /// A user or password in the broker's address.
    UrlSecret "E031" Fields,
    /// Not a name.
    Name "E032" Fields,
    /// Not an address to listen on.
    Listen "E033" Fields,
    /// A number beyond its bounds.
    NumberBounds "E034" Fields,
    /// A path that is empty or relative.
    Path "E035" Fields,
    /// A secret written into the configuration.
    PlainSecret "E036" Fields,
    /// A secret that names both a file and a credential, or neither.
    SecretSource "E037" Fields,
    /// Not the name of a systemd credential.
    CredentialName "E038" Fields,
    /// `[scanner]` for `[[scanner]]`, or the other way round.
    Brackets "E039" Fields,
    /// A text that is empty or too long.
    Text "E040" Fields,
    /// Not a time zone.
    TimeZone "E041" Fields,
    /// Not a time of day.
    TimeOfDay "E042" Fields,
    /// Not opening hours.
    Hours "E043" Fields,
    /// A list with too few or too many parts, or with one part twice.
    List "E044" Fields,
    /// A message of a test that is not JSON.
    Message "E045" Fields,
    /// Not a quantity of an item.
    Quantity "E046" Fields,
    /// The fleet's file says which store this is.
    StoreInFleet "E047" Fields,
    /// What one store has otherwise, in a store's own file.
    OverrideInStore "E048" Fields,
    /// An override in the fleet's file for what is no store.
    NotAStore "E049" Fields,
    /// Two scanners read one device.
    SameDevice "E050" References,
    /// Two sources with one name.
    SameName "E051" References,
    /// A scanner that adjusts stock without saying why.
    NoReason "E052" References,
    /// A reason on a scanner that does not adjust.
    UnusedReason "E053" References,
    /// Tills from outside this machine without TLS.
    OpenListener "E054" References,
    /// A client certificate without its key, or a key without its certificate.
    HalfIdentity "E055" References,
    /// Tills without a place to listen.
    NoListener "E056" References,
    /// Two durations that contradict each other.
    Contradiction "E057" References,
    /// A password without a user name.
    NoUser "E058" References,
    /// TLS files for a broker that is spoken to without TLS.
    UnusedTls "E059" References,
    /// A broker's profile that asks for TLS.
    ProfileNeedsTls "E060" References,
    /// Two tills with one token.
    SameToken "E061" References,
    /// A password that would cross the network in clear text.
    ClearPassword "E062" References,
    /// A scanner that moves goods without saying from where to where.
    NoZones "E063" References,
    /// The zone that goods come from, on a scanner that does not move them.
    UnusedZone "E064" References,
    /// A move from a zone to itself.
    SameZone "E065" References,
    /// A till that is named and not configured.
    NoSuchTill "E066" References,
    /// A till in two drop folders, or one folder twice.
    DropTwice "E067" References,
    /// Two tests with one name.
    SameTest "E068" References,
    /// Something is to be taken out that is not there.
    NothingAbsent "E069" Fields,
    /// A secret that cannot be read.
    SecretUnreadable "E070" Environment,
    /// A secret that is empty, too short, too long, or not text.
    SecretUnusable "E071" Environment,
    /// A credential that systemd did not hand over.
    NoCredential "E072" Environment,
    /// A state directory that is not a directory.
    StateDir "E073" Environment,
    /// A drop folder that is not a folder.
    NotAFolder "E074" Environment,
    /// A test whose messages do not come to what it expects.
    TestFails "E075" Tests,
    /// A test that cannot be judged without the catalogue.
    TestOpen "E076" Environment,
    /// Not a pattern of labels, or one that an earlier one stands before.
    Pattern "E077" Fields,
    /// A drop folder that this user may not write to.
    DropClosed "E078" Environment,
    /// Not the address of a reader.
    Address "E079" Fields,
    /// A reader that is neither called nor calls, or both.
    ReaderWay "E080" References,
    /// A reader without antennas.
    NoAntenna "E081" References,
    /// Two antennas at one port of a reader.
    SamePort "E082" References,
    /// Not the code of a tag.
    Epc "E083" Fields,
    /// Two readers at one address.
    SameReader "E084" References,
    /// TLS for a reader that calls.
    UnusedReaderTls "E085" References,
    /// One reference tag at two antennas.
    SameReference "E086" References,
    /// Not a power in dBm.
    Power "E087" Fields,
    /// MQTT without TLS to another machine.
    ClearBroker "W001" References,
    /// A secret that everybody on this machine can read.
    SecretOpen "W002" Environment,
    /// A configuration file that everybody on this machine can change.
    ConfigOpen "W003" Environment,
    /// The catalogue is not there.
    NoCatalogue "W004" Environment,
    /// A place to listen, and no till.
    NoTill "W005" References,
    /// Neither a scanner nor a till nor a reader.
    NothingToRead "W006" References,
    /// A device path that changes when cables are moved.
    UnstableDevice "W007" References,
    /// A credential that only the service can see.
    CredentialUnseen "W008" Environment,
    /// A scanner that is not plugged in.
    NoDevice "W009" Environment,
    /// A drop folder that is not there yet.
    NoDrop "W010" Environment,
}

impl Code {
    /// Whether the agent starts in spite of it.
    pub fn is_warning(self) -> bool {
        self.id().starts_with('W')
    }
}
